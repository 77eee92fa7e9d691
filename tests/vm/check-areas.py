#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""check-areas.py FOLDER PROGRAM IMAGE : compares `PROGRAM ps` and `PROGRAM maps` with what the
guest's kernel said (procs.tsv and maps.tsv in FOLDER): every process with its parent and number of
threads, every area with its end, rights, offset and name. Exited processes that were found beside
them are no fault; idle threads of the kernel that had ended when the guest looked again
(verify.tsv) are not asked for. Ends with 1 if there is a difference."""

import collections
import csv
import io
import os
import re
import subprocess
import sys

EXAMPLES = 10


def read_table(folder, name, n_columns):
    with open(f'{folder}/{name}', encoding='utf-8', newline='\n') as f:
        return [l.rstrip('\n').split('\t', n_columns - 1) for l in f][1:]


def ask(program, *arguments):
    out = subprocess.run(
        [program, *arguments, '--quiet', '--format', 'csv'], stdout=subprocess.PIPE, check=True
    ).stdout
    return list(csv.DictReader(io.StringIO(out.decode('utf-8'), newline='')))


def as_kernel_says(text):
    """The bytes of a name of ours, as the kernel writes them: it escapes the end of a line only."""

    def replace(m):
        s = m.group(1).decode()
        if s[0] == 'x':
            return bytes([int(s[1:], 16)])
        return {'n': b'\n', 't': b'\t'}.get(s, s.encode())

    name = re.sub(rb'\\(x[0-9a-f]{2}|[nt\\])', replace, text.encode('utf-8'), flags=re.S)
    return name.replace(b'\n', b'\\012')


class Judge:
    def __init__(self):
        self.differences = []
        self.n_same = collections.Counter()

    def compare(self, kind, what, ours, theirs):
        if ours == theirs:
            self.n_same[kind] += 1
        else:
            self.differences.append(f'{what}: {ours}, not {theirs}')

    def report(self):
        for line in self.differences[:EXAMPLES]:
            print(line)
        counts = ', '.join(f'{n} {kind}' for kind, n in self.n_same.items())
        verdict = f'{len(self.differences)} differences' if self.differences else 'same'
        print(f'AREAS: {verdict}; {counts} as the kernel says')
        return 1 if self.differences else 0


def judge_processes(judge, processes, rows):
    ours = {}
    for row in rows:
        if 'exited' not in row['flags'].split() and row['pid'] not in ('', '0'):
            ours[row['pid']] = (row['ppid'], row['threads'])
    theirs = {p[0]: (p[2], p[7]) for p in processes}
    for pid in sorted(ours.keys() | theirs.keys(), key=int):
        judge.compare('processes', f'pid {pid}', ours.get(pid), theirs.get(pid))


def describe_ours(row):
    start = int(row['start'], 16)
    name = as_kernel_says(row['name'])
    return start, (int(row['end'], 16), row['rights'], int(row['file_offset'] or '0', 16), name)


def describe_theirs(area):
    _, start, end, rights, offset, path = area
    return int(start, 16), (int(end, 16), rights[:3], int(offset, 16), path.encode('latin-1'))


def judge_areas(judge, pid, areas, rows):
    ours = dict(describe_ours(r) for r in rows)
    theirs = dict(describe_theirs(a) for a in areas if a[5] != '[vsyscall]')
    for start in sorted(ours.keys() | theirs.keys()):
        what = f'pid {pid} area 0x{start:x}'
        judge.compare('areas', what, ours.get(start), theirs.get(start))


def read_gone(folder):
    """Those that ended between the two passes; data/demo keeps no verify.tsv, for none did."""
    path = f'{folder}/verify.tsv'
    if not os.path.exists(path):
        return set()
    with open(path, encoding='ascii') as f:
        return {l.split('\t')[0] for l in f if l.endswith('\tGONE\n')}


def main(folder, program, image):
    judge = Judge()
    gone = read_gone(folder)
    processes = [p for p in read_table(folder, 'procs.tsv', 9) if p[0] not in gone or p[4] == '0']
    dumpers = {p[0] for p in processes if p[8] == 'dumper'}
    judge_processes(judge, processes, ask(program, 'ps', image))
    areas = collections.defaultdict(list)
    for area in read_table(folder, 'maps.tsv', 6):
        areas[area[0]].append(area)
    for pid, of_process in areas.items():
        if pid not in dumpers:
            judge_areas(judge, pid, of_process, ask(program, 'maps', image, pid))
    return judge.report()


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
