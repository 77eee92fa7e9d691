#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""test-hidden.py PAS2VAS IMAGE TRUTH-FOLDER : takes a process out of the list of tasks in a copy of
an image, as a rootkit would. It must be found and flagged as hidden, nothing else may be, and every
mapping must be the same as before."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HIDDEN = 'rl-twice'


class Memory:
    """A copy of the image. The kernel sees what it allocates at one distance from where it is."""

    def __init__(self, image, truth, path):
        self.path = shutil.copyfile(image, path)
        with open(os.path.join(truth, 'layout.json'), encoding='utf-8') as f:
            layout = json.load(f)
        self.word = 4 if layout['arch'] == 'i386' else 8
        self.base = layout['raw'][0]['phys']

    def read(self, pa):
        with open(self.path, 'rb') as f:
            f.seek(pa - self.base)
            return int.from_bytes(f.read(self.word), 'little')

    def write(self, pa, value):
        with open(self.path, 'r+b') as f:
            f.seek(pa - self.base)
            f.write(value.to_bytes(self.word, 'little'))


def read_truth(folder):
    """The offset of the links in a task, and of the process that is to be hidden its id and where
    its task is: virtual, physical."""
    with open(os.path.join(folder, 'rigtruth.tsv'), encoding='utf-8') as f:
        text = f.read()
    offset = int(re.search(r'task\.tasks=(\d+)', text).group(1))
    for line in text.splitlines():
        cells = line.split('\t')
        if line[0] != '#' and bytes.fromhex(cells[3]).split(b'\0')[0] == HIDDEN.encode():
            return offset, cells[0], int(cells[4], 16), int(cells[5], 16)
    raise ValueError(f'no task named {HIDDEN}')


def unlink(memory, offset, va, pa):
    following, previous = (memory.read(pa + offset + i * memory.word) for i in (0, 1))
    # Each of the neighbours leads back, so these are the links.
    assert memory.read(following - va + pa + memory.word) == va + offset
    assert memory.read(previous - va + pa) == va + offset
    memory.write(following - va + pa + memory.word, previous)
    memory.write(previous - va + pa, following)


def ask(pas2vas, command, image):
    return subprocess.run(
        [pas2vas, command, '--quiet', '--no-cache', '--format', 'csv', image],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode()


def list_hidden(pas2vas, image):
    rows = csv.DictReader(ask(pas2vas, 'ps', image).splitlines())
    return [row['pid'] for row in rows if 'hidden' in row['flags'].split()]


def main(pas2vas, image, truth):
    offset, pid, va, pa = read_truth(truth)
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(image, truth, os.path.join(folder, 'hidden.raw'))
        before = ask(pas2vas, 'export', image)
        assert f',{pid},{HIDDEN},' in before
        unlink(memory, offset, va, pa)
        hidden = list_hidden(pas2vas, image), list_hidden(pas2vas, memory.path)
        same = ask(pas2vas, 'export', memory.path) == before
    print(f'hidden before: {hidden[0]}, after {hidden[1]}; mappings are the same: {same}')
    return 0 if hidden == ([], [pid]) and same else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
