#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""thin-image.py FOLDER OUT : makes of a variant's folder one that is small enough for the source:
mem.raw.zst and the files of truth that the tests read.

Zeros stand in place of contents that no truth is about, and of nothing else:
  user  frames that /proc/kpageflags says are on a list of the least recently used, mapped, or huge:
        the page cache and the memory of processes;
  text  the kernel's code, from _stext to _etext.
Page tables, the kernel's data (read-only data too), its records of frames, slabs, stacks and
whatever else the kernel keeps are as they were. The kernel wrote kpageflags just before it was
frozen: a frame that has become another since is one that check-frames.py finds."""

import array
import collections
import json
import mmap
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

PAGE = 4096
# Source: Linux include/uapi/linux/kernel-page-flags.h, numbers of the bits of /proc/kpageflags.
LRU, SLAB, BUDDY, MMAP, HUGE, PGTABLE, RESERVED = 5, 7, 10, 11, 17, 26, 32
USER = 1 << LRU | 1 << MMAP | 1 << HUGE
KERNEL = 1 << SLAB | 1 << BUDDY | 1 << PGTABLE | 1 << RESERVED
TRUTH = (
    'iomem.txt',
    'kernel-runs.tsv',
    'kernel.txt',
    'kpagecount.u64.zst',
    'kpageflags.u64.zst',
    'layout.json',
    'maps.tsv',
    'modules.txt',
    'procs.tsv',
    'rigtruth.tsv',
    'truth-pfnmap.tsv',
    'vmcoreinfo.txt',
)


def read_flags(folder):
    path = os.path.join(folder, 'kpageflags.u64.zst')
    data = subprocess.run(['zstd', '-dcq', path], stdout=subprocess.PIPE, check=True).stdout
    flags = array.array('Q')
    flags.frombytes(data)
    return flags


def find_text(folder):
    """The frames of the kernel's code, whole ones only: those around are data."""
    facts = {}
    with open(os.path.join(folder, 'kernel.txt'), encoding='utf-8') as f:
        for line in f:
            *_, key, value = line.rstrip('\n').split('\t')
            facts[key] = value
    start = int(facts['kernel_code_phys'], 16)
    length = int(facts['_etext'], 16) - int(facts['_stext'], 16)
    return range(-(-start // PAGE), (start + length) // PAGE)


def is_user(flags):
    return flags & USER and not flags & KERNEL


def thin(folder, memory):
    """Puts the zeros; how many frames of each class were not zeros before."""
    flags = read_flags(folder)
    text = find_text(folder)
    n_cleared = collections.Counter()
    zeros = bytes(PAGE)
    with open(os.path.join(folder, 'layout.json'), encoding='utf-8') as f:
        pieces = json.load(f)['raw']
    for piece in pieces:
        first = piece['phys'] // PAGE
        # The kernel knows of none behind the last that it has.
        last = min(first + piece['length'] // PAGE, len(flags))
        for pfn in range(first, last):
            what = 'text' if pfn in text else 'user' if is_user(flags[pfn]) else None
            at = piece['offset'] + (pfn - first) * PAGE
            if what and memory[at : at + PAGE] != zeros:
                memory[at : at + PAGE] = zeros
                n_cleared[what] += 1
    return n_cleared


def main(folder, out):
    raw = os.path.join(out, 'mem.raw')
    os.makedirs(out, exist_ok=True)
    shutil.copyfile(os.path.join(folder, 'mem.raw'), raw)
    with open(raw, 'r+b') as f, mmap.mmap(f.fileno(), 0) as memory:
        n_cleared = thin(folder, memory)
    pack = ['zstd', '-q', '-f', '-19', '--long']
    subprocess.run(pack + [raw, '-o', raw + '.zst'], check=True)
    os.unlink(raw)
    # What the rig packed in a hurry.
    name = 'truth.tsv.zst'
    text = subprocess.run(
        ['zstd', '-dcq', os.path.join(folder, name)], stdout=subprocess.PIPE, check=True
    ).stdout
    subprocess.run(pack + ['-o', os.path.join(out, name)], input=text, check=True)
    for name in TRUTH:
        shutil.copyfile(os.path.join(folder, name), os.path.join(out, name))
    print(f'{dict(n_cleared)} frames cleared; {os.path.getsize(raw + ".zst")} bytes')


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
