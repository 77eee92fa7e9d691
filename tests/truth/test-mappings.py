#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""test-mappings.py PAS2VAS IMAGE TRUTH-FOLDER raw|lime|elf|kdump : exports every mapping of an
image, as it is or put into another container, and has check-truth.py compare them with what the
kernel itself said when the image was made: none missing, none extra, none wrong, nothing
allowed."""

import os
import subprocess
import sys
import tempfile

VM = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vm')
sys.path.insert(0, VM)
sys.dont_write_bytecode = True
import truthlib


def main(pas2vas, image, truth, container):
    with tempfile.TemporaryDirectory() as folder:
        source = image
        if container != 'raw':
            source = os.path.join(folder, 'mem.' + container)
            writers = {
                'lime': truthlib.make_lime,
                'elf': truthlib.make_elf,
                'kdump': truthlib.make_kdump,
            }
            writers[container](truth, source, image)
        table = os.path.join(folder, 'table.csv')
        with open(table, 'wb') as f:
            export = subprocess.run(
                [pas2vas, 'export', '--format', 'csv', source], stdout=f, check=False
            )
        if export.returncode != 0:
            print(f'pas2vas export of the {container} image ended with {export.returncode}')
            return 1
        check = [sys.executable, os.path.join(VM, 'check-truth.py'), truth, table]
        verdict = subprocess.run(check, stdout=subprocess.PIPE, text=True, check=False)
        print(verdict.stdout)
        same = 'VERDICT: same as the truth' in verdict.stdout
        return 0 if verdict.returncode == 0 and same else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
