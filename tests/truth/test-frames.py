#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""test-tiny-frames.py PAS2VAS IMAGE TRUTH-FOLDER : has check-frames.py compare what `pas2vas
frames` says of each frame of the tiny image with /proc/kpageflags and /proc/kpagecount of its
kernel. Ten frames may differ, which the kernel took from its list of free ones or put back after
it had written these files; no count may. The same of a copy in which records of page tables bear
the mark that they had up to 5.10."""

import os
import re
import subprocess
import sys
import tempfile

VM = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vm')
EXPECTED = [
    '5 free: not buddy; such as frame 0x28db',
    '3 free: not slab; such as frame 0x3050',
    '2 slab: not buddy; such as frame 0x28dd',
    '2 slab: slab; such as frame 0x28dd',
    'AGREEMENT: 19446 of 19456 frames, 99.9486 %, 0 of them but for faults of the report',
]


# _mapcount of a page table. Source: Linux include/linux/page-flags.h, PG_table (6.1 and 5.10).
MARK = b'\xff\xfd\xff\xff'
OLD_MARK = b'\xff\xfb\xff\xff'
RECORD_BYTES = 64
MAPCOUNT_AT = 48


def write_old_copy(image, path):
    with open(image, 'rb') as f:
        memory = bytearray(f.read())
    places = [m.start() for m in re.finditer(re.escape(MARK), memory)]
    places = [p for p in places if p % RECORD_BYTES == MAPCOUNT_AT]
    assert len(places) > 100
    for place in places:
        memory[place : place + len(MARK)] = OLD_MARK
    with open(path, 'wb') as f:
        f.write(memory)


def is_as_expected(pas2vas, image, truth, folder):
    table = os.path.join(folder, 'frames.csv')
    with open(table, 'wb') as f:
        command = [pas2vas, 'frames', '--quiet', '--no-cache', '--each', '--format', 'csv', image]
        frames = subprocess.run(command, stdout=f, check=False)
    if frames.returncode != 0:
        print(f'pas2vas frames ended with {frames.returncode}')
        return False
    check = [sys.executable, os.path.join(VM, 'check-frames.py'), truth, table]
    verdict = subprocess.run(check, stdout=subprocess.PIPE, text=True, check=False)
    print(verdict.stdout)
    lines = [line.strip() for line in verdict.stdout.splitlines()]
    same = [line for line in lines if 'such as' in line or 'AGREEMENT' in line] == EXPECTED
    return verdict.returncode == 0 and same


def main(pas2vas, image, truth):
    with tempfile.TemporaryDirectory() as folder:
        if not is_as_expected(pas2vas, image, truth, folder):
            return 1
        old = os.path.join(folder, 'old.raw')
        write_old_copy(image, old)
        return 0 if is_as_expected(pas2vas, old, truth, folder) else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
