#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""test-frames.py PAS2VAS IMAGE TRUTH-FOLDER : has check-frames.py compare what `pas2vas frames`
says of each frame of an image with /proc/kpageflags and /proc/kpagecount of its kernel. Those few
may differ that frames.txt beside the truth lists, for reasons in tests/vm/README.md: frames that
the kernel took from its list of free ones, or put back, after it had written these files, and the
page of zeros where no symbol says which it is and no process maps it. No count may. The same of a
copy in which records of page tables bear the mark that they had up to 5.10, of one that names an
empty mem_map, and, of a kernel that has types, of one in which it says nothing of itself: then all
of the records is inferred."""

import collections
import os
import re
import subprocess
import sys
import tempfile

VM = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vm')


# What VMCOREINFO, BTF and the symbol table are found by.
NAMES = (b'OSRELEASE=', b'\x9f\xeb\x01\0\x18\0\0\0', b'0\x001\x002\x003\x004\x005\x006\x00')

# _mapcount of a page table. Source: Linux include/linux/page-flags.h, PG_table (6.1 and 5.10).
MARK = b'\xff\xfd\xff\xff'
OLD_MARK = b'\xff\xfb\xff\xff'


def read_record_bytes(truth):
    with open(os.path.join(truth, 'vmcoreinfo.txt'), encoding='utf-8') as f:
        return int(re.search(r'SIZE\(page\)=(\d+)', f.read()).group(1))


def write_old_copy(image, truth, path):
    with open(image, 'rb') as f:
        memory = bytearray(f.read())
    marks = [m.start() for m in re.finditer(re.escape(MARK), memory)]
    # The records are an array: what stands elsewhere is no mark.
    size = read_record_bytes(truth)
    [(place_in_record, _)] = collections.Counter(m % size for m in marks).most_common(1)
    places = [m for m in marks if m % size == place_in_record]
    assert len(places) > 50
    for place in places:
        memory[place : place + len(MARK)] = OLD_MARK
    with open(path, 'wb') as f:
        f.write(memory)


def write_mute_copy(image, path):
    with open(image, 'rb') as f:
        memory = f.read()
    if not all(name in memory for name in NAMES):
        return False
    for name in NAMES:
        memory = memory.replace(name, bytes(len(name)))
    with open(path, 'wb') as f:
        f.write(memory)
    return True


def write_copy_with_empty_map(image, truth, path):
    """VMCOREINFO names mem_map as well, as where there are no nodes, and nothing is in it: the word
    is an entry of the root page table that leads nowhere. FALSE if it names the right one."""
    with open(os.path.join(truth, 'vmcoreinfo.txt'), encoding='utf-8') as f:
        info = f.read()
    if 'SYMBOL(mem_map)' in info:
        return False
    root = int(re.search(r'SYMBOL\(swapper_pg_dir\)=(\w+)', info).group(1), 16)
    with open(image, 'rb') as f:
        memory = bytearray(f.read())
    # It stands at the start of a page, and behind the header of a note.
    places = [m.start() for m in re.finditer(b'OSRELEASE=', memory) if m.start() % 4096 in (0, 24)]
    assert places
    for place in places:
        end = memory.index(b'\0', place)
        line = b'SYMBOL(mem_map)=%x\n' % (root + 8)
        memory[end : end + len(line)] = line
    with open(path, 'wb') as f:
        f.write(memory)
    return True


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
    told = [line for line in lines if 'such as' in line or 'AGREEMENT' in line]
    with open(os.path.join(truth, 'frames.txt'), encoding='utf-8') as f:
        return verdict.returncode == 0 and told == f.read().splitlines()


def main(pas2vas, image, truth):
    with tempfile.TemporaryDirectory() as folder:
        if not is_as_expected(pas2vas, image, truth, folder):
            return 1
        old = os.path.join(folder, 'old.raw')
        write_old_copy(image, truth, old)
        if not is_as_expected(pas2vas, old, truth, folder):
            return 1
        empty = os.path.join(folder, 'empty.raw')
        if write_copy_with_empty_map(image, truth, empty) and not is_as_expected(
            pas2vas, empty, truth, folder
        ):
            return 1
        mute = os.path.join(folder, 'mute.raw')
        if not write_mute_copy(image, mute):
            return 0
        return 0 if is_as_expected(pas2vas, mute, truth, folder) else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
