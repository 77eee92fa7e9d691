#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""test-tiny-sharing.py PAS2VAS IMAGE TRUTH-FOLDER : the pages that pas2vas shared says two
processes share are those that have the same frame in /proc/PID/pagemap, for every pair of
processes; and so are the numbers of pages by how many processes have them."""

import collections
import csv
import os
import re
import subprocess
import sys

# Both have one address space. Source: data/demo/linux-tiny/rigtruth.tsv, column mm_va.
SAME = [(98, 99)]


def read_owners(truth):
    """frame -> the processes that map it"""
    owners = collections.defaultdict(set)
    pages = subprocess.run(
        ['zstd', '-dc', os.path.join(truth, 'truth.tsv.zst')], stdout=subprocess.PIPE, check=True
    ).stdout.decode('utf-8', 'replace')
    for line in pages.splitlines()[1:]:
        pid, _, _, pfn = line.split('\t')[:4]
        owners[int(pfn, 16)].add(int(pid))
    with open(os.path.join(truth, 'truth-pfnmap.tsv'), encoding='utf-8') as f:
        for line in f.read().splitlines()[1:]:
            pid, _, pfn = line.split('\t')[:3]
            owners[int(pfn, 16)].add(int(pid))
    return owners


def count_pairs(owners):
    pairs = collections.Counter()
    for pids in owners.values():
        for a in pids:
            for b in pids:
                # An address space is told by its first owner.
                if a < b and not {a, b} & {same[1] for same in SAME}:
                    pairs[a, b] += 1
    return pairs


def count_classes(owners):
    sizes = [len(pids) for pids in owners.values()]
    return [
        sizes.count(1),
        sizes.count(2),
        sum(3 <= size <= 9 for size in sizes),
        sum(size >= 10 for size in sizes),
    ]


def main(pas2vas, image, truth):
    owners = read_owners(truth)
    answer = subprocess.run(
        [pas2vas, 'shared', '--format', 'csv', image],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=True,
    )
    rows = list(csv.DictReader(answer.stdout.decode().splitlines()))
    told = {(int(r['pid_a']), int(r['pid_b'])): r for r in rows}
    same = [pair for pair, row in told.items() if row['what'] == 'same address space']
    pages = {pair: int(row['pages']) for pair, row in told.items() if pair not in same}
    told_classes = re.search(r'Pages that .*', answer.stderr.decode()).group(0)
    classes = [int(n) for n in re.findall(r'\d+', told_classes)]

    wanted = count_pairs(owners)
    print(f'{len(wanted)} pairs, {sum(wanted.values())} pages of pairs, classes {classes}')
    for pair in sorted(wanted.keys() | pages.keys()):
        if wanted[pair] != pages.get(pair, 0):
            print(f'pair {pair}: told {pages.get(pair, 0)}, in truth {wanted[pair]}')
    if classes != count_classes(owners):
        print(f'classes: told {classes}, in truth {count_classes(owners)}')
    if same != SAME:
        print(f'same address space: told {same}, in truth {SAME}')
    good = pages == wanted and classes == count_classes(owners) and same == SAME
    return 0 if good and len(rows) == len(told) and len(wanted) > 100 else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
