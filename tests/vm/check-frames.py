#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""check-frames.py FOLDER TABLE : compares `pas2vas frames --each --format csv` with what the
guest's own kernel said of each frame in /proc/kpageflags and /proc/kpagecount just before it was
frozen (kpageflags.u64.zst and kpagecount.u64.zst in FOLDER: one number a frame).

Prints, for each flag and for the count, how many frames agree, then every class of disagreement
with an example; those that are faults of the kernel's report (README.md) are marked. Ends with 1
if, without these, no more than 99.9 % of the frames agree in everything."""

import array
import collections
import csv
import os
import subprocess
import sys

# Source: Linux include/uapi/linux/kernel-page-flags.h and include/linux/kernel-page-flags.h. IDLE
# (25) and those above 33 but PRIVATE (35) say nothing of what a frame is used for, and are not
# judged.
BITS = {
    'locked': 0,
    'error': 1,
    'referenced': 2,
    'uptodate': 3,
    'dirty': 4,
    'lru': 5,
    'active': 6,
    'slab': 7,
    'writeback': 8,
    'reclaim': 9,
    'buddy': 10,
    'mmap': 11,
    'anonymous': 12,
    'swapcache': 13,
    'swapbacked': 14,
    'head': 15,
    'tail': 16,
    'huge': 17,
    'unevictable': 18,
    'hwpoison': 19,
    'nopage': 20,
    'ksm': 21,
    'thp': 22,
    'offline': 23,
    'zero-page': 24,
    'pgtable': 26,
    'reserved': 32,
    'mlocked': 33,
    'private': 35,
}
LEAST_AGREEMENT = 0.999

# Source: Linux fs/proc/page.c, stable_page_flags() from 6.10 on: of a mapping that is anonymous it
# tests whether any bit of PAGE_MAPPING_KSM is set, of which the anonymous one is one; and it looks
# at the mapping of slabs, where struct slab has something else.
KERNEL_FAULTS = {'not ksm': ('anonymous', 'huge', 'slab', 'bad'), 'not anonymous': ('slab',)}


def read_numbers(folder, name):
    path = os.path.join(folder, name)
    data = subprocess.run(['zstd', '-dcq', path], stdout=subprocess.PIPE, check=True).stdout
    numbers = array.array('Q')
    numbers.frombytes(data[: len(data) // 8 * 8])
    if sys.byteorder == 'big':
        numbers.byteswap()
    return numbers


class Judge:
    def __init__(self, flags, counts):
        self.flags = flags
        self.counts = counts
        self.wrong_flags = collections.Counter()
        self.set_flags = collections.Counter()
        self.classes = collections.Counter()
        self.examples = {}
        self.n_frames = 0
        self.n_differing = 0
        self.n_faults = 0
        all_ksm = 1 << BITS['anonymous'] | 1 << BITS['ksm']
        self.has_faults = all(f & all_ksm in (0, all_ksm) for f in flags)
        self.n_uncounted = collections.Counter()

    def note(self, pfn, row, what):
        key = (row['kind'], what)
        self.classes[key] += 1
        self.examples.setdefault(key, pfn)

    def take_flags(self, pfn, row):
        ours = {name for name in row['flags'].split(',') if name}
        theirs = {name for name, bit in BITS.items() if self.flags[pfn] >> bit & 1}
        self.set_flags.update(theirs)
        is_fault = self.has_faults
        for name in sorted(ours ^ theirs):
            what = ('not ' if name in theirs else '') + name
            self.wrong_flags[name] += 1
            self.note(pfn, row, what)
            is_fault = is_fault and row['kind'] in KERNEL_FAULTS.get(what, ())
        if ours != theirs and is_fault:
            self.n_faults += 1
        return ours == theirs or is_fault

    def take_count(self, pfn, row):
        """Without a count of ours the frame is one whose mappings are not counted; the kernel
        prints 0 then, except where what it prints is no count either (zsmalloc before 6.12, and
        records that were never set up, without a reference)."""
        theirs = self.counts[pfn]
        if row['expected'] == '':
            self.n_uncounted[row['kind']] += 1
            if theirs == 0 or row['kind'] == 'compressed' or row['references'] == '0':
                return True
        elif int(row['expected']) == theirs:
            return True
        self.note(pfn, row, f'count {row["expected"] or "none"}, not {theirs}')
        return False

    def take(self, row):
        pfn = int(row['physical'], 16) >> 12
        if pfn >= len(self.flags):
            return
        self.n_frames += 1
        same_flags = self.take_flags(pfn, row)
        same_count = self.take_count(pfn, row)
        self.n_differing += 0 if same_flags and same_count else 1

    def report(self):
        for name in BITS:
            print(f'{name:12} set {self.set_flags[name]:8}  differing {self.wrong_flags[name]:6}')
        n_counts = sum(n for (_, what), n in self.classes.items() if what.startswith('count'))
        print(
            f'{"count":12} known {self.n_frames - sum(self.n_uncounted.values()):6}  '
            f'differing {n_counts:6}'
        )
        for kind, n in sorted(self.n_uncounted.items()):
            print(f'  not counted: {n} of {kind}')
        for (kind, what), n in self.classes.most_common():
            fault = self.has_faults and kind in KERNEL_FAULTS.get(what, ())
            print(
                f'  {n:6} {kind}: {what}; such as frame 0x{self.examples[kind, what]:x}'
                + (" (the kernel's fault)" if fault else '')
            )
        agreement = 1 - self.n_differing / max(self.n_frames, 1)
        print(
            f'AGREEMENT: {self.n_frames - self.n_differing} of {self.n_frames} frames, '
            f'{100 * agreement:.4f} %, {self.n_faults} of them but for faults of the report'
        )
        return agreement


def main(folder, table):
    judge = Judge(
        read_numbers(folder, 'kpageflags.u64.zst'), read_numbers(folder, 'kpagecount.u64.zst')
    )
    with open(table, newline='', encoding='utf-8') as f:
        for row in csv.DictReader(f):
            judge.take(row)
    if judge.n_frames == 0:
        print('the table has no frames')
        return 1
    return 0 if judge.report() > LEAST_AGREEMENT else 1


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
