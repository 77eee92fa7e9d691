#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""check-truth OUTDIR TOOL.csv [options]
Compares a tool's physical-to-virtual table with the rig's ground truth.
TOOL.csv: a header naming at least physical,virtual,pid,name (any order or case;
'-' for stdin; .zst/.gz read too).  One row a 4 KiB page, or with a column named
length (bytes) or pages a row a run.  Numbers: 0x... is hexadecimal, else --radix.
Exit status 0: nothing missing, extra or wrong; 1 otherwise.

Rows that cannot be judged are counted, not blamed: the truth-dumper's own pid
and kernel rows (pid 0, or an address in the kernel's half).
Missing and extra rows are sorted into classes, since some may be meant:
  prot_none   present to the kernel, not to the processor (PROT_NONE)
  shared_mm   a process that shares its mm with another (vfork, CLONE_VM)
  dead_leader the mm is held by a thread whose leader has exited
  zero_page   the shared page of zeros (4 KiB or huge)
  pfnmap      vvar, /dev/mem, PCI memory: in the page tables, never in pagemap;
              known from walk.py (truth-pfnmap.tsv), reported apart; with a column named
              state its state is device where iomem has neither RAM nor the firmware
  huge        part of a 2 MiB/1 GiB mapping;  normal: all the rest
Entries that are not present to pagemap either, but concern a page in RAM, are expected of a table
that has a column named state, with that state, and are neither missing nor extra in others:
  swap-cache  pagemap names a place in swap space, and rigtruth has the page that is in the swap
              cache for that place
  hwpoison    the place is none, but the number of a frame that kpageflags calls broken
  migration   likewise, and the frame is locked: it is being moved
  ldt         a local descriptor table where user mode sees it, in the kernel's half
Such a table is also judged by what it calls a present page: zero-page by kpageflags; prot-none
where the area has no rights, numa-hint only where it has some; uffd-wp by pagemap.
A page that is a class of several counts in the first that fits, in this order."""
import sys, os, csv, re, argparse, subprocess, collections, gzip, io, json, array

import truthlib

ap = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
ap.add_argument('out')
ap.add_argument('csv')
ap.add_argument(
    '--radix', type=int, default=10, help='of numbers without 0x (pid is always decimal)'
)
ap.add_argument(
    '--phys',
    action='append',
    default=[],
    help='judge only these physical addresses (0x.., repeated or @FILE)',
)
ap.add_argument('--pid', type=int, action='append', default=[], help='judge only these pids')
ap.add_argument('--allow-missing', default='', help='comma list of classes not to blame')
ap.add_argument('--allow-extra', default='', help='comma list of classes not to blame')
ap.add_argument('--examples', type=int, default=5)
ap.add_argument('--no-names', action='store_true')
ap.add_argument('--phys-means', choices=['page', 'exact'], default='page')
a = ap.parse_args()
if a.csv == '-':
    src = sys.stdin.buffer
elif a.csv.endswith('.zst'):
    src = subprocess.Popen(['zstdcat', a.csv], stdout=subprocess.PIPE).stdout
elif a.csv.endswith('.gz'):
    src = gzip.open(a.csv)
else:
    src = open(a.csv, 'rb')


def unesc(s):
    """a name as bytes, undoing \\xHH, \\ooo, \\n and the like"""

    def f(m):
        x = m.group(1)
        if x[0] == 'x':
            return chr(int(x[1:], 16))
        if x[0] in '01234567':
            return chr(int(x, 8) & 255)
        return {
            'n': '\n',
            't': '\t',
            'r': '\r',
            'b': '\b',
            'f': '\f',
            'v': '\v',
            'a': '\a',
            'e': '\x1b',
        }.get(x, x)

    return re.sub(r'\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)', f, s, flags=re.S)


read = lambda n: [l.rstrip('\n').split('\t') for l in open(f'{a.out}/{n}')][1:]
procs = {int(r[0]): r for r in read('procs.tsv')}
name = {p: unesc(r[3]) for p, r in procs.items()}
dumper = {p for p, r in procs.items() if r[8] == 'dumper'}
mmof = collections.defaultdict(set)
shared = set()
deadl = {p for p, r in procs.items() if r[5] == 'Z' and int(r[7]) > 1}
if os.path.exists(a.out + '/rigtruth.tsv'):
    for l in open(a.out + '/rigtruth.tsv'):
        if l[0] == '#':
            continue
        x = l.split('\t')
        if int(x[6], 16):
            mmof[x[6]].add(int(x[1]))
    for v in mmof.values():
        if len(v) > 1:
            shared |= v
vmas = collections.defaultdict(list)
for r in read('maps.tsv'):
    vmas[int(r[0])].append(
        (int(r[1], 16) >> 12, int(r[2], 16) >> 12, r[3], r[5] if len(r) > 5 else '')
    )
import bisect

starts = {p: [v[0] for v in l] for p, l in vmas.items()}


def vma(pid, vpn):
    s = starts.get(pid)
    if not s:
        return None
    i = bisect.bisect_right(s, vpn) - 1
    return vmas[pid][i] if i >= 0 and vpn < vmas[pid][i][1] else None


want_pfn = None
if a.phys:
    ph = []
    for x in a.phys:
        ph += open(x[1:]).read().split() if x[0] == '@' else [x]
    want_pfn = {int(x, 16) >> 12 for x in ph}
pids = set(a.pid)

kpf = array.array('Q')
f = a.out + '/kpageflags.u64.zst'
if os.path.exists(f):
    kpf.frombytes(subprocess.run(['zstdcat', f], stdout=subprocess.PIPE, check=True).stdout)
flag = lambda pfn, bit: pfn < len(kpf) and kpf[pfn] >> bit & 1
# what the kernel has in its swap cache, and how many swap files there are
cached, ldts = {}, {}
if os.path.exists(a.out + '/rigtruth.tsv'):
    for l in open(a.out + '/rigtruth.tsv'):
        x = l.rstrip('\n').split('\t')
        if x[0] == '#swapcache':
            t, o = x[2].split(':')
            cached[int(t), int(o, 16)] = int(x[1], 16)
        elif x[0] == '#ldt':
            ldts[int(x[1]), int(x[2], 16) >> 12] = int(x[3], 16)
f = a.out + '/rigtruth.tsv'
has_module = os.path.exists(f) and os.path.getsize(f) > 0
nswaps = 32
if os.path.exists(a.out + '/swaps.txt'):
    nswaps = len(open(a.out + '/swaps.txt').readlines()) - 1


def find_marked():
    """the same without the module: frames that kpageflags says are in the swap cache, whose
    contents name the process and the address that the rig made them for"""
    where = json.load(open(a.out + '/layout.json'))['raw']
    places = {}
    l = subprocess.Popen(['zstdcat', a.out + '/truth.tsv.zst'], stdout=subprocess.PIPE).stdout
    for x in (x.split(b'\t') for x in l):
        if x[3].startswith(b'swap:'):
            t, o = x[3].split(b':')[1:]
            places[int(x[0]), int(x[2], 16)] = int(t), int(o, 16)
    with open(a.out + '/mem.raw', 'rb') as f:
        for pfn in (i for i, k in enumerate(kpf) if k >> 13 & 1):
            for r in where:
                if r['phys'] <= pfn << 12 < r['phys'] + r['length']:
                    f.seek((pfn << 12) - r['phys'] + r['offset'])
                    m = re.match(rb'RIGMARK pid=(\d+) va=([0-9a-f]+) ', f.read(96))
                    at = m and places.get((int(m[1]), int(m[2], 16)))
                    if at:
                        cached[at] = pfn


if not has_module and os.path.exists(a.out + '/mem.raw'):
    find_marked()


def not_present(place):
    """the frame and the state of an entry that pagemap reports as swapped; None if there is none"""
    t, o = place.split(':')[1:]
    t, o = int(t), int(o, 16)
    if t < nswaps:
        return (cached[t, o], 'swap-cache') if (t, o) in cached else None
    if o < 8:
        return None
    head = o
    while flag(head, 16):  # a tail of several frames that are locked together
        head -= 1
    return (o, 'hwpoison') if flag(o, 19) else (o, 'migration') if flag(head, 0) else None


special = {k: (f, 'ldt') for k, f in ldts.items()}
truth = {}
cls_special = {}  # (pid, vpn) -> class for the few special ones
nt = collections.Counter()
p = subprocess.Popen(['zstdcat', a.out + '/truth.tsv.zst'], stdout=subprocess.PIPE)
# Truth of older images does not say which entries userfaultfd has, but only which areas.
tells_uffd = b'W' in next(p.stdout).split(b'\t')[4]
uffd = set()
uffd_areas = collections.defaultdict(list)
for pid, first, last, flags in truthlib.read_smaps(a.out):
    if 'uw' in flags:
        uffd_areas[pid].append((first, last))
d = None
cur = None
huge = set()
for l in p.stdout:
    x = l.split(b'\t')
    if x[0] != cur:
        cur = x[0]
        pid = int(cur)
        d = truth.setdefault(pid, {})
        skip = pid in dumper or (pids and pid not in pids)
    if skip:
        nt['rows of the dumper or of pids not asked for'] += 1
        continue
    if x[3][:1] == b's':
        e = not_present(x[3].decode())
        if e is None:
            nt['swapped (no physical page)'] += 1
        elif want_pfn is None or e[0] in want_pfn:
            special[pid, int(x[2], 16) >> 12] = e
            nt[e[1]] += 1
        continue
    pfn = int(x[3], 16)
    if want_pfn is not None and pfn not in want_pfn:
        continue
    d[int(x[2], 16) >> 12] = pfn
    nt['present'] += 1
    if tells_uffd and b'W' in x[4]:
        uffd.add((pid, int(x[2], 16) >> 12))
    if x[5] != b'-':
        fl = int(x[5], 16)
        if fl >> 24 & 1:
            cls_special[pid, int(x[2], 16) >> 12] = 'zero_page'
        elif fl >> 22 & 1 or fl >> 17 & 1:
            huge.add(pfn)
pfnmap = {}
f = a.out + '/truth-pfnmap.tsv'
if os.path.exists(f):
    for l in open(f):
        x = l.split('\t')
        if x[0] == 'pid' or int(x[0]) in dumper or (pids and int(x[0]) not in pids):
            continue
        if want_pfn is None or int(x[2], 16) in want_pfn:
            pfnmap[int(x[0]), int(x[1], 16) >> 12] = int(x[2], 16)


def classify(pid, vpn, pfn):
    v = vma(pid, vpn)
    if (pid, vpn) in pfnmap:
        return 'pfnmap'
    if (pid, vpn) in special:
        return special[pid, vpn][1]
    if v and v[2].startswith('---'):
        return 'prot_none'
    if pid in shared:
        return 'shared_mm'
    if pid in deadl:
        return 'dead_leader'
    if (pid, vpn) in cls_special:
        return cls_special[pid, vpn]
    if v is None:
        return 'outside any VMA' if pid in procs else 'unknown pid'
    if pfn in huge:
        return 'huge'
    return 'normal'


num = lambda s: int(s, 16) if s[:2] in ('0x', '0X') else int(s, a.radix)
rd = csv.reader(io.TextIOWrapper(src, encoding='latin-1', newline=''))
hdr = [h.strip().strip('#').lower() for h in next(rd)]


def col(*n):
    for x in n:
        if x in hdr:
            return hdr.index(x)
    return None


cp, cv, cpid, cn = (
    col('physical', 'phys', 'pa', 'physical offset'),
    col('virtual', 'va', 'virtual address', 'vaddr'),
    col('pid'),
    col('name', 'comm', 'process'),
)
cs = col('state')
cl, cpg = col('length', 'size', 'bytes', 'length_bytes'), col('pages', 'npages')
if None in (cp, cv, cpid):
    raise SystemExit('the header needs physical, virtual, pid, name; has: ' + ', '.join(hdr))
arch = json.load(open(a.out + '/layout.json'))['arch']
kstart = {'amd64': 1 << 63, 'arm64': 1 << 63, 'i386': 0xC0000000}[arch]
nr = collections.Counter()
bad = collections.Counter()
exm = collections.defaultdict(list)
okc = collections.Counter()


def blame(kind, cl, ex):
    bad[kind, cl] += 1
    if len(exm[kind, cl]) < a.examples:
        exm[kind, cl].append(ex)


iomem = []
for l in open(a.out + '/iomem.txt'):
    m = re.match(r' *([0-9a-f]+)-([0-9a-f]+) : (.*)', l)
    iomem.append((int(m.group(1), 16) >> 12, int(m.group(2), 16) >> 12, m.group(3)))


def is_device(pfn):
    """by the innermost, which comes last"""
    names = [n for first, last, n in iomem if first <= pfn <= last]
    return not names or not re.match(
        r'System RAM|Kernel |[Rr]eserved$|ACPI |Unknown E820|.* ROM$|Unusable', names[-1]
    )


def judge_pfnmap_state(pid, vpn, pfn, state):
    want = 'device' if is_device(pfn) else 'pfn-map'
    if state not in (None, want):
        blame('wrong', 'state', f'pid {pid} va {vpn << 12:#x} {state}, not {want}')
    okc[want] += 1


def judge_state(pid, vpn, pfn, state):
    v = vma(pid, vpn)
    want = {'zero-page'} if flag(pfn, 24) else {'valid', 'numa-hint'}
    if (pid, vpn) in uffd:
        want = {'zero-page'} if flag(pfn, 24) else {'uffd-wp'}
    elif not tells_uffd and any(f <= vpn <= l for f, l in uffd_areas[pid]):
        want |= {'uffd-wp'}
    if v and v[2].startswith('---'):
        want = {'prot-none'}
    if state not in want:
        blame('wrong', 'state', f'pid {pid} va {vpn << 12:#x} {state}, not {want}')
    else:
        okc[state] += 1


namebad = {}
for row in rd:
    if not row:
        continue
    nr['rows read'] += 1
    va = num(row[cv])
    pid = int(row[cpid] or 0)
    if pid == 0 or (va >= kstart and (pid, va >> 12) not in ldts):
        nr['kernel rows (not judged)'] += 1
        continue
    if pid in dumper:
        nr['rows of the truth-dumper (not judged)'] += 1
        continue
    if pids and pid not in pids:
        nr['rows of pids not asked for'] += 1
        continue
    pa = num(row[cp])
    n = (
        num(row[cl]) if cl is not None else num(row[cpg]) << 12 if cpg is not None else 4096
    ) >> 12 or 1
    vpn, pfn = va >> 12, pa >> 12
    if (va ^ pa) & 4095:
        blame('wrong', 'offset in page differs', f'pid {pid} va {va:#x} pa {pa:#x}')
    if cn is not None and not a.no_names and (pid, row[cn]) not in namebad:
        t = name.get(pid)
        g = row[cn]
        ok = t is not None and (g == t or unesc(g) == t)
        namebad[pid, g] = ok
        if not ok:
            blame('wrong', 'name', f'pid {pid}: tool says {g!r}, truth {t!r}')
    t = truth.get(pid)
    state = row[cs] if cs is not None else None
    for i in range(n):
        v, f = vpn + i, pfn + i
        if want_pfn is not None and f not in want_pfn:
            nr['pages not asked for'] += 1
            continue
        nr['pages judged'] += 1
        q = t.get(v) if t is not None else None
        if (pid, v) in special and state in (None, special[pid, v][1], 'valid'):
            g, s = special.pop((pid, v))
            if g != f or (s != 'ldt' and state == 'valid'):
                ex = f'pid {pid} va {v << 12:#x} {state} {f << 12:#x} truth {g << 12:#x}'
                blame('wrong', s, ex)
            okc['found ' + s] += 1
        elif q == f:
            t[v] = ~f
            if state is not None:
                judge_state(pid, v, f, state)
        elif q is not None and q < 0:
            blame(
                'duplicate' if ~q == f else 'extra',
                classify(pid, v, f),
                f'pid {pid} va {v << 12:#x} pa {f << 12:#x}',
            )
        elif q is not None:
            blame(
                'wrong',
                'physical page',
                f'pid {pid} va {v << 12:#x} tool {f << 12:#x} truth {q << 12:#x}',
            )
            t[v] = ~q
        elif pfnmap.get((pid, v)) == f:
            pfnmap[pid, v] = ~f
            judge_pfnmap_state(pid, v, f, state)
        elif (pid, v) in pfnmap and pfnmap[pid, v] < 0:
            blame('duplicate', 'pfnmap', f'pid {pid} va {v << 12:#x}')
        else:
            blame(
                'extra',
                classify(pid, v, f),
                f'pid {pid} ({name.get(pid)!r}) va {v << 12:#x} pa {f << 12:#x} vma {vma(pid, v)}',
            )
for pid, t in truth.items():
    for v, f in t.items():
        if f >= 0:
            blame(
                'missing',
                classify(pid, v, f),
                f'pid {pid} ({name.get(pid)!r}) va {v << 12:#x} pa {f << 12:#x} vma {vma(pid, v)}',
            )
        else:
            okc['found'] += 1
for (pid, v), (f, s) in special.items() if cs is not None else ():
    blame('missing', s, f'pid {pid} va {v << 12:#x} pa {f << 12:#x} vma {vma(pid, v)}')
for (pid, v), f in pfnmap.items():
    if f < 0:
        okc['found pfnmap'] += 1
    else:
        blame(
            'missing',
            'pfnmap',
            f'pid {pid} ({name.get(pid)!r}) va {v << 12:#x} pa {f << 12:#x} vma {vma(pid, v)}',
        )
print('truth:', ', '.join(f'{k} {v}' for k, v in nt.items()), '; pfnmap', len(pfnmap))
print('tool: ', ', '.join(f'{k} {v}' for k, v in nr.items()))
print('right:', ', '.join(f'{k} {v}' for k, v in okc.items()) or 'none')
allow = {('missing', c) for c in a.allow_missing.split(',')} | {
    ('extra', c) for c in a.allow_extra.split(',')
}
fail = 0
for (k, c), n in sorted(bad.items()):
    al = (k, c) in allow
    fail += 0 if al else n
    print(f'{k:9} {c:22} {n}' + ('  (allowed)' if al else ''))
    for e in exm[k, c]:
        print('     ', e)
print('VERDICT:', 'same as the truth' if not fail else f'{fail} differences')
sys.exit(1 if fail else 0)
