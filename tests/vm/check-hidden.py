#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""check-hidden.py FOLDER PROGRAM : hides a process in a copy of FOLDER/mem.raw, as a rootkit would,
and asks PROGRAM for it: out of the list of tasks, out of the structures of ids, and out of both. It
must be flagged, by the ways that are left and no other, and have all its mappings. The kernel's own
module said where the structures are (rigtruth.tsv). Ends with 1 if there is a difference."""

import csv
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys

METHODS = ['tasks', 'pids', 'objects', 'roots']
NAMES = [b'rl-twice', b'rl-marker']


class Memory:
    """The copy, by the addresses of the kernel's map of all memory."""

    def __init__(self, folder, path, task):
        self.file = open(path, 'r+b')
        layout = json.load(open(f'{folder}/layout.json'))
        self.ranges = layout['raw']
        self.word = 4 if layout['arch'] == 'i386' else 8
        self.code = '<I' if self.word == 4 else '<Q'
        self.delta = task['va'] - task['pa']

    def seek(self, va):
        pa = va - self.delta
        for r in self.ranges:
            if r['phys'] <= pa < r['phys'] + r['length']:
                self.file.seek(pa - r['phys'] + r['offset'])
                return True
        return False

    def get(self, va):
        raw = self.file.read(self.word) if self.seek(va) else b''
        return struct.unpack(self.code, raw)[0] if len(raw) == self.word else None

    def put(self, va, value):
        assert self.seek(va)
        self.file.write(struct.pack(self.code, value))
        self.file.flush()


def read_task(folder):
    """Of the process to be hidden: its numbers, and where members of the structure are."""
    offsets = {}
    for line in open(f'{folder}/rigtruth.tsv'):
        cells = line.rstrip('\n').split('\t')
        if cells[0] == '#off':
            offsets = {k: int(v) for k, v in re.findall(r'(\S+)=(\d+)', line)}
        elif line[0] != '#' and cells[0] == cells[1]:
            if bytes.fromhex(cells[3]).split(b'\0')[0] in NAMES:
                va, pa = int(cells[4], 16), int(cells[5], 16)
                return {'pid': cells[0], 'va': va, 'pa': pa, 'offsets': offsets}
    return None


def unlink_task(memory, task):
    node = task['va'] + task['offsets']['task.tasks']
    after, before = memory.get(node), memory.get(node + memory.word)
    return [(before, after), (after + memory.word, before)]


def unlink_ids(memory, task):
    """The heads of lists of one element, which leads back to its head."""
    patches = []
    for at in range(0, task['offsets']['sizeof_task'], memory.word):
        node = task['va'] + at
        head = memory.get(node + memory.word)
        if memory.get(node) == 0 and head and memory.get(head) == node:
            patches.append((head, 0))
    return patches


def ask(program, command, image, *arguments):
    done = subprocess.run(
        [program, command, image, *arguments, '--quiet', '--no-cache', '--format', 'csv'],
        stdout=subprocess.PIPE,
    )
    if done.returncode > 1:
        raise SystemExit(f'{command} ended with {done.returncode}')
    return list(csv.DictReader(io.StringIO(done.stdout.decode('utf-8'), newline='')))


def find_process(program, image, pid, methods):
    rows = ask(program, 'ps', image, '--method', ','.join(methods))
    return next((r for r in rows if r['pid'] == pid), None)


def find_mappings(program, image, pid):
    rows = ask(program, 'export', image, '--pid', pid)
    return sorted((r['virtual'], r['physical'], r['length'], r['state']) for r in rows)


def judge(program, image, pid, what, before, mappings):
    """What is wrong with a process that was hidden from the ways @what."""
    left = [m for m in before if m not in what]
    process = find_process(program, image, pid, METHODS)
    if process is None:
        return [f'hidden from {what}: not found']
    faults = []
    if process['methods'].split() != left:
        faults.append(f'hidden from {what}: found by {process["methods"]}, not {left}')
    if 'hidden' not in process['flags'].split():
        faults.append(f'hidden from {what}: not flagged, but "{process["flags"]}"')
    for method in METHODS:
        found = find_process(program, image, pid, [method]) is not None
        if found != (method in left):
            faults.append(f'hidden from {what}: --method {method}: {found}')
    if find_mappings(program, image, pid) != mappings:
        faults.append(f'hidden from {what}: other mappings')
    return faults


def main(folder, program):
    task = read_task(folder)
    if task is None:
        print('HIDDEN: no process to hide is known')
        return 0
    image = f'{folder}/mem.hidden.raw'
    shutil.copyfile(f'{folder}/mem.raw', image)
    try:
        memory = Memory(folder, image, task)
        before = find_process(program, image, task['pid'], METHODS)['methods'].split()
        mappings = find_mappings(program, image, task['pid'])
        patches = {'tasks': unlink_task(memory, task), 'pids': unlink_ids(memory, task)}
        faults = [] if len(patches['pids']) >= 2 else ['no ids were found']
        for what in ['tasks'], ['pids'], ['tasks', 'pids']:
            undo = [(va, memory.get(va)) for w in what for va, _ in patches[w]]
            for va, value in (p for w in what for p in patches[w]):
                memory.put(va, value)
            faults += judge(program, image, task['pid'], what, before, mappings)
            for va, value in undo:
                memory.put(va, value)
    finally:
        os.unlink(image)
    print('\n'.join(faults))
    print(f'HIDDEN: {"same" if not faults else f"{len(faults)} faults"}; ways: {" ".join(before)}')
    return 1 if faults else 0


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
