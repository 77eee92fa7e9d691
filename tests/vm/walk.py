#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""walk.py OUTDIR [--via rigtruth|btf] [--csv FILE] [--compare] [--pid N]
An independent page-table walker for the rig's raw images, checked against the
pagemap truth.  Modes: x86-64 4/5 level, i386 PAE, i386 2-level, arm64 4K/48 bit."""
import json, mmap, array, struct, argparse, subprocess, re, collections

import truthlib


class Image:
    def __init__(s, out, image=None):
        s.lay = json.load(open(out + '/layout.json'))
        s.out = out
        f = open(image or out + '/mem.raw', 'rb')
        s.m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        s.seg = [
            (x['phys'], x['phys'] + x['length'], x['offset'] - x['phys']) for x in s.lay['raw']
        ]
        if s.m[:4] == b'EMiL':
            s.seg = []
            o = 0
            while s.m[o : o + 4] == b'EMiL':
                a, b = struct.unpack_from('<QQ', s.m, o + 8)
                s.seg.append((a, b + 1, o + 32 - a))
                o += 32 + b + 1 - a
        s.arch = s.lay['arch']
        s.page_shift = int(s.info(r'PAGESIZE=(\d+)', '4096')).bit_length() - 1
        # arm64: as many as the processor was told to use
        s.va_bits = 64 - int(s.info(r'NUMBER\(TCR_EL1_T1SZ\)=(0x\w+)', '16'), 0)
        s.k = {}
        s.sym = {}
        for l in open(out + '/kernel.txt'):
            w = l.rstrip('\n').split('\t')
            if w[0] == 'sym':
                s.sym[w[1]] = int(w[2], 16)
            else:
                s.k[w[0]] = w[1] if len(w) > 1 else ''
        fl = s.k.get('cpu_flags_of_interest', '').split()
        s.mode = {
            'amd64': 'x64',
            'arm64': 'arm64',
            'i386': 'pae' if 'pae' in s.lay['kver'] else 'x32',
        }[s.arch]
        if s.mode == 'x64' and 'la57' in fl:
            s.mode = 'x64l5'
        # i386: where the kernel's half begins, as the module says; else as most kernels have it
        s.page_offset = 0xC0000000
        try:
            for l in open(out + '/rigtruth.tsv'):
                if l.startswith('#page_offset') and s.arch == 'i386':
                    s.page_offset = int(l.split()[1], 16)
        except OSError:
            pass

    def kernel_root(s):
        """the physical address of swapper_pg_dir, whose kernel half is the one that counts"""
        va = int(s.info(r'SYMBOL\(swapper_pg_dir\)=(\w+)', '0'), 16)
        if s.arch == 'arm64':
            return va - int(s.info(r'NUMBER\(kimage_voffset\)=(0x\w+)', '0'), 0)
        return va - s.page_offset

    def info(s, pattern, otherwise):
        """a value of the VMCOREINFO"""
        try:
            text = open(s.out + '/vmcoreinfo.txt').read()
        except OSError:
            text = ''
        m = re.search('^' + pattern, text, re.M)
        return m.group(1) if m else otherwise

    def read(s, pa, n):
        for a, b, d in s.seg:
            if a <= pa and pa + n <= b:
                return s.m[pa + d : pa + d + n]
        return None


M52 = (1 << 52) - 1
PFM = M52 & ~0xFFF


def tab(img, pa, n=4096, code='Q'):
    b = img.read(pa, n)
    if b is None:
        return None
    a = array.array(code)
    a.frombytes(b)
    return a


class Stats(collections.Counter):
    pass


def walk(img, pgd, st, kernel=False):
    """yields (va, pfn, npages, kind) of the user half, or of the kernel's; kind P present, N
    PROT_NONE, S swap or other non-present"""
    mode = img.mode
    if mode in ('x64', 'x64l5', 'pae'):
        M = M52 & ~0xFFF
        inv = lambda e: (~e & M) >> 12

        def level(pa, lvl, base, lo=0, hi=512, n=4096):
            t = tab(img, pa, n)
            if t is None:
                st['table outside image'] += 1
                return
            st['tables L%d' % lvl] += 1
            sh = 12 + 9 * (lvl - 1)
            for i in range(lo, hi):
                e = t[i]
                if not e:
                    continue
                va = base + (i << sh)
                if kernel and mode != 'pae' and va >> (56 if mode == 'x64l5' else 47) & 1:
                    va |= (1 << 64) - (1 << (57 if mode == 'x64l5' else 48))
                if lvl == 1:
                    if e & 1:
                        yield va, (e & M) >> 12, 1, 'P'
                    elif e & 0x100:
                        yield va, inv(e), 1, 'N'
                    else:
                        st['nonpresent L1'] += 1
                        yield va, e, 1, 'S'
                elif e & 1:
                    if lvl in (2, 3) and e & 0x80 and not (mode == 'pae' and lvl == 3):
                        st['huge L%d' % lvl] += 1
                        yield va, ((e & M) >> 12) & ~((1 << (sh - 12)) - 1), 1 << (sh - 12), 'P'
                    else:
                        yield from level(e & M, lvl - 1, va)
                elif e & 0x80 and e & 0x100:
                    st['PROT_NONE huge L%d' % lvl] += 1
                    yield va, inv(e) & ~((1 << (sh - 12)) - 1), 1 << (sh - 12), 'N'
                else:
                    st['nonpresent L%d' % lvl] += 1
                    yield va, e, 1 << (sh - 12), 'S'

        if mode == 'pae':
            half = img.page_offset >> 30
            yield from level(pgd, 3, 0, *((half, 4) if kernel else (0, half)), 32)
        else:
            yield from level(
                pgd, 5 if mode == 'x64l5' else 4, 0, *((256, 512) if kernel else (0, 256))
            )
    elif mode == 'x32':
        t = tab(img, pgd, 4096, 'I')
        st['tables L2'] += 1
        half = img.page_offset >> 22
        for i in range(half, 1024) if kernel else range(half):
            e = t[i]
            if not e:
                continue
            if e & 1 and e & 0x80:
                st['huge L2'] += 1
                yield i << 22, (e & 0xFFC00000) >> 12 | (e >> 13 & 0xFF) << 20, 1024, 'P'
                continue
            if not e & 1:
                if e & 0x180 == 0x180:
                    yield i << 22, (e & 0xFFC00000) >> 12, 1024, 'N'
                else:
                    yield i << 22, e, 1024, 'S'
                continue
            p = tab(img, e & ~0xFFF, 4096, 'I')
            if p is None:
                st['table outside image'] += 1
                continue
            st['tables L1'] += 1
            for j in range(1024):
                f = p[j]
                if not f:
                    continue
                va = i << 22 | j << 12
                if f & 1:
                    yield va, f >> 12, 1, 'P'
                elif f & 0x100:
                    yield va, f >> 12, 1, 'N'
                else:
                    yield va, f, 1, 'S'
    elif mode == 'arm64':
        # The last level is 3, the first one follows from the bits of an address. The software bit
        # of PROT_NONE moved in 6.10.
        ps = img.page_shift
        per = ps - 3
        M = ((1 << 48) - 1) & ~((1 << ps) - 1)
        none = 11 if tuple(map(int, re.findall(r'\d+', img.lay['kver'])[:2])) >= (6, 10) else 58

        first = 4 - -(-(img.va_bits - ps) // per)
        top_bits = img.va_bits - ps - per * (3 - first)

        def level(pa, lvl, base):
            t = tab(img, pa, 8 << top_bits if lvl == first else 1 << ps)
            if t is None:
                st['table outside image'] += 1
                return
            st['tables L%d' % lvl] += 1
            sh = ps + per * (3 - lvl)
            for i, e in enumerate(t):
                if not e:
                    continue
                va = base + (i << sh)
                if lvl == 3:
                    if e & 1:
                        yield va, (e & M) >> 12, 1 << (ps - 12), 'P'
                    elif e >> none & 1:
                        yield va, (e & M) >> 12, 1 << (ps - 12), 'N'
                    else:
                        st['nonpresent L3'] += 1
                        yield va, e, 1 << (ps - 12), 'S'
                elif e & 3 == 3:
                    yield from level(e & M, lvl + 1, va)
                elif e & 1:
                    st['block L%d' % lvl] += 1
                    yield va, (e & M) >> 12, 1 << (sh - 12), 'P'
                elif e >> none & 1 or e >> 59 & 1:
                    st['PROT_NONE block L%d' % lvl] += 1
                    yield va, (e & M) >> 12, 1 << (sh - 12), 'N'
                else:
                    st['nonpresent L%d' % lvl] += 1
                    yield va, e, 1 << (sh - 12), 'S'

        yield from level(pgd, first, (1 << 64) - (1 << img.va_bits) if kernel else 0)


def esc(b):
    return ''.join(chr(c) if 32 <= c < 127 and c != 92 else '\\x%02x' % c for c in b)


def tasks_rigtruth(img):
    """[(pid, tgid, comm, mm, pgd_pa, flags)] for every thread, from the kernel module"""
    r = []
    for l in open(img.out + '/rigtruth.tsv'):
        if l[0] == '#':
            continue
        x = l.rstrip('\n').split('\t')
        r.append(
            (
                int(x[0]),
                int(x[1]),
                bytes.fromhex(x[3]).split(b'\0')[0],
                int(x[6], 16),
                int(x[10], 16),
                int(x[11], 16),
            )
        )
    return r


# ---- BTF, read from the image itself ----
class BTF:
    def __init__(s, b):
        magic, ver, fl, hl, to, tl, so, sl = struct.unpack_from('<HBBIIIII', b, 0)
        assert magic == 0xEB9F
        s.str = b[hl + so : hl + so + sl]
        t = b[hl + to : hl + to + tl]
        s.t = [None]
        p = 0
        while p < len(t):
            n, info, sz = struct.unpack_from('<III', t, p)
            kind, vl, kf = info >> 24 & 0x1F, info & 0xFFFF, info >> 31
            ext = {
                1: 4,
                3: 12,
                4: 12 * vl,
                5: 12 * vl,
                6: 8 * vl,
                13: 8 * vl,
                14: 4,
                15: 12 * vl,
                17: 4,
                19: 12 * vl,
            }.get(kind, 0)
            s.t.append((n, kind, vl, kf, sz, p + 12))
            p += 12 + ext
        s.raw = t
        s.by = {}
        for i, x in enumerate(s.t):
            if x and x[1] in (4, 5):
                s.by.setdefault(s.name(x[0]), i)

    def name(s, o):
        e = s.str.index(b'\0', o)
        return s.str[o:e].decode()

    def off(s, struc, mem, tid=None, base=0):
        x = s.t[tid if tid is not None else s.by[struc]]
        for i in range(x[2]):
            n, ty, o = struct.unpack_from('<III', s.raw, x[5] + 12 * i)
            if x[3]:
                o &= 0xFFFFFF
            nm = s.name(n)
            if nm == mem:
                return base + o // 8
            if not nm:
                y = s.t[ty]
                while y[1] in (8, 9, 10, 11):
                    y = s.t[y[4]]
                if y[1] in (4, 5):
                    r = s.off(None, mem, s.t.index(y), base + o // 8)
                    if r is not None:
                        return r
        return None


def tasks_btf(img):
    """the same, from the image alone and the addresses of init_task, __start_BTF and where the
    kernel text lies"""
    if img.arch != 'amd64' and img.arch != 'arm64':
        raise SystemExit('no BTF in this kernel')
    if img.arch == 'amd64':
        delta = img.sym['_text'] - int(img.k['kernel_code_phys'], 16)
    else:
        delta = int(img.info(r'NUMBER\(kimage_voffset\)=(0x\w+)', '0'), 0)
    k2p = lambda va: va - delta
    if '__start_BTF' in img.sym:
        b = img.read(k2p(img.sym['__start_BTF']), img.sym['__stop_BTF'] - img.sym['__start_BTF'])
    else:
        # arm64: kallsyms lists functions only; find the blob by its header, the
        # largest is vmlinux's
        best = (0, 0)
        i = img.m.find(b'\x9f\xeb\x01\0\x18\0\0\0\0\0\0\0')
        while i >= 0:
            tl, so, sl = struct.unpack_from('<III', img.m, i + 12)
            if tl == so and tl + sl > best[0] and i + 24 + tl + sl <= len(img.m):
                best = (tl + sl, i)
            i = img.m.find(b'\x9f\xeb\x01\0\x18\0\0\0\0\0\0\0', i + 4)
        print('BTF found by scanning at file offset %#x, %d bytes' % (best[1], best[0] + 24))
        b = img.m[best[1] : best[1] + best[0] + 24]
    it0 = img.sym.get('init_task')
    if it0 is None:
        it0 = next(
            int(l.split()[1], 16)
            for l in open(img.out + '/rigtruth.tsv')
            if l.startswith('#init_task')
        )
        print('init_task from the module: %x' % it0)
    btf = BTF(b)
    o = {
        n: btf.off('task_struct', n)
        for n in ('tasks', 'pid', 'tgid', 'comm', 'mm', 'signal', 'thread_node', 'flags')
    }
    pgd = btf.off('mm_struct', 'pgd')
    th = btf.off('signal_struct', 'thread_head')
    rq = lambda pa: struct.unpack('<Q', img.read(pa, 8))[0]
    if img.arch == 'amd64':
        po = rq(k2p(img.sym['page_offset_base']))
        d2p = lambda va: va - po
    else:
        po = (1 << 64) - (1 << int(img.info(r'NUMBER\(VA_BITS\)=(\d+)', '48')))
        ms = int(img.info(r'NUMBER\(PHYS_OFFSET\)=(0x\w+)', '0'), 0)
        d2p = lambda va: (va - po + ms) & ((1 << 64) - 1)

    # arm64: the upper half of the kernel's addresses, or of those that 48 bits have
    image = 0xFFFFFFFF80000000 if img.arch == 'amd64' else -(1 << min(img.va_bits, 48) - 1)
    v2p = lambda va: k2p(va) if va >= image % (1 << 64) else d2p(va)

    r = []
    it = it0
    cur = it
    n = 0
    print('BTF offsets:', o, 'mm.pgd', pgd, 'signal.thread_head', th)
    while n < 100000:
        n += 1
        sig = rq(v2p(cur + o['signal']))
        head = sig + th
        node = rq(v2p(head))
        while node != head:
            t = node - o['thread_node']
            pa = v2p(t)
            mm = rq(pa + o['mm'])
            c = img.read(pa + o['comm'], 16).split(b'\0')[0]
            (pid,) = struct.unpack('<i', img.read(pa + o['pid'], 4))
            (tg,) = struct.unpack('<i', img.read(pa + o['tgid'], 4))
            (fl,) = struct.unpack('<I', img.read(pa + o['flags'], 4))
            if t != it:
                r.append((pid, tg, c, mm, v2p(rq(v2p(mm) + pgd)) if mm else 0, fl))
            node = rq(v2p(node))
        cur = rq(v2p(cur + o['tasks'])) - o['tasks']
        if cur == it:
            break
    return r


def load_truth(out):
    """pid -> ({vpn: pfn}, {vpn: swapstr})"""
    t = {}
    p = subprocess.Popen(['zstdcat', out + '/truth.tsv.zst'], stdout=subprocess.PIPE)
    next(p.stdout)
    for l in p.stdout:
        x = l.split(b'\t')
        pid = int(x[0])
        d = t.get(pid)
        if d is None:
            d = t[pid] = ({}, {})
        if x[3][:1] == b's':
            d[1][int(x[2], 16) >> 12] = x[3]
        else:
            d[0][int(x[2], 16) >> 12] = int(x[3], 16)
    p.wait()
    return t


def compare_with_qemu(img, mine, what):
    """with what QEMU's own 'info tlb' shows; of arm64 it shows nothing"""
    q = {}
    start = 1 << 63 if img.arch == 'amd64' else img.page_offset
    p = subprocess.Popen(
        ['zstdcat', img.out + '/qemu-info-tlb.txt.zst'], stdout=subprocess.PIPE, text=True
    )
    for l in p.stdout:
        m = re.match(r'([0-9a-f]+): ([0-9a-f]+) (\S+)', l)
        if m and int(m.group(1), 16) >= start:
            q[int(m.group(1), 16)] = int(m.group(2), 16) & M52
    only_q = [v for v in q if v not in mine]
    only_m = [v for v in mine if v not in q]
    dif = [v for v in q if v in mine and mine[v][0] != q[v]]
    print(
        '%s; kernel half: mine %d entries, qemu info tlb %d; '
        'only mine %d, only qemu %d, different %d'
        % (what, len(mine), len(q), len(only_m), len(only_q), len(dif))
    )
    for n, l in (('only mine', only_m), ('only qemu', only_q), ('different', dif)):
        for v in l[:4]:
            print('  ', n, hex(v), mine.get(v), hex(q.get(v, 0)))


def kernel(img, a):
    """of amd64 the root that the processor used, of the others the kernel's own"""
    if img.arch == 'amd64':
        text = open(img.out + '/qemu-registers.txt').read()
        root = int(re.search(r'CR3=([0-9a-f]+)', text).group(1), 16) & ~0xFFF
    else:
        root = img.kernel_root()
    st = Stats()
    mine = {}
    for va, pfn, n, k in walk(img, root, st, True):
        if k == 'P':
            mine[va] = (pfn << 12, n)
    if img.arch != 'arm64':
        compare_with_qemu(img, mine, 'root %#x' % root)
    runs = []
    for va in sorted(mine):
        pa, n = mine[va]
        if runs and runs[-1][0] + runs[-1][2] == va and runs[-1][1] + runs[-1][2] == pa:
            runs[-1][2] += n << 12
        else:
            runs.append([va, pa, n << 12])
    with open(img.out + '/kernel-runs.tsv', 'w') as f:
        f.write('va\tpa\tbytes\n')
        for r in runs:
            f.write('%x\t%x\t%x\n' % tuple(r))
    big = sorted(runs, key=lambda r: -r[2])[:8]
    print(
        'tables:',
        dict(st),
        '; %d runs; largest:' % len(runs),
        *['  %x -> %x, %x bytes' % tuple(r) for r in big],
        sep='\n',
    )
    if img.arch == 'amd64':
        print(
            'runs of the espfix area (one page mapped over and over):',
            sum(1 for r in runs if 0xFFFFFF0000000000 <= r[0] < 0xFFFFFF8000000000),
        )


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('out')
    ap.add_argument('--image', help='another raw or LiME image of the same state')
    ap.add_argument('--via', default='rigtruth', choices=['rigtruth', 'btf'])
    ap.add_argument(
        '--kernel',
        action='store_true',
        help="walk the kernel's half, on x86 compare it with qemu's own 'info tlb'; "
        'writes kernel-runs.tsv',
    )
    ap.add_argument('--csv')
    ap.add_argument('--pid', type=int)
    ap.add_argument('--no-compare', action='store_true')
    ap.add_argument(
        '--write-pfnmap',
        action='store_true',
        help='write truth-pfnmap.tsv: mappings in VM_PFNMAP areas, which pagemap never reports',
    )
    a = ap.parse_args()
    img = Image(a.out, a.image)
    if a.kernel:
        return kernel(img, a)
    if a.via == 'btf':
        ts = tasks_btf(img)
        rt = tasks_rigtruth(img)
        rt and print(
            'task list from BTF: %d threads; the same set as the kernel module reported: %s'
            % (len(ts), sorted(x[:5] for x in ts) == sorted(x[:5] for x in rt))
        )
        if rt and sorted(x[:5] for x in ts) != sorted(x[:5] for x in rt):
            print(
                '  only BTF:',
                sorted(set(ts) - set(rt))[:5],
                'only module:',
                sorted(set(rt) - set(ts))[:5],
            )
    else:
        ts = tasks_rigtruth(img)
    procs = {
        int(l.split('\t')[0]): l.rstrip('\n').split('\t')
        for l in open(a.out + '/procs.tsv').readlines()[1:]
    }
    dumper = [p for p, r in procs.items() if r[8] == 'dumper']
    # one entry per process: the leader's comm, the mm of any living thread
    ps = collections.OrderedDict()
    for pid, tg, c, mm, pgd, fl in ts:
        e = ps.setdefault(tg, [None, 0, 0])
        if pid == tg:
            e[0] = c
        if mm and not e[1]:
            e[1], e[2] = mm, pgd
    print(
        'mode %s; %d threads, %d processes, %d with an mm, %d distinct mm'
        % (
            img.mode,
            len(ts),
            len(ps),
            sum(1 for e in ps.values() if e[1]),
            len({e[1] for e in ps.values() if e[1]}),
        )
    )
    csvf = open(a.csv, 'w') if a.csv else None
    if csvf:
        csvf.write('physical,virtual,pid,name\n')
    truth = None if a.no_compare else load_truth(a.out)
    vm = collections.defaultdict(list)
    pfn_rows = []
    names = {}
    for l in open(a.out + '/maps.tsv').readlines()[1:]:
        w = l.rstrip('\n').split('\t')
        names[int(w[0]), int(w[1], 16) >> 12] = int(w[2], 16) >> 12, w[5]
    areas = {(pid, first): flags for pid, first, _, flags in truthlib.read_smaps(a.out)}
    for (pid, first), (end, name) in names.items():
        # without smaps, as of the largest machine, the kernel's own area only
        if 'pf' in areas.get((pid, first), ['pf'] if name.startswith('[vvar') else []):
            vm[pid].append((first, end, name))
    st = Stats()
    tot = collections.Counter()
    ex = collections.defaultdict(list)
    for tg, (c, mm, pgd) in ps.items():
        if not mm or (a.pid and tg != a.pid):
            continue
        got, sw, pn = {}, {}, set()
        name = '"%s"' % esc(c or b'').replace('"', '""')
        for va, pfn, n, k in walk(img, pgd, st):
            v = va >> 12
            if k == 'S':
                for i in range(n):
                    sw[v + i] = pfn
            else:
                if n == 1:
                    got[v] = pfn
                else:
                    got.update(zip(range(v, v + n), range(pfn, pfn + n)))
                if k == 'N':
                    pn.update(range(v, v + n))
        tot['walked'] += len(got)
        tot['PROT_NONE'] += len(pn)
        tot['swap-like'] += len(sw)
        if csvf:
            for v, p in sorted(got.items()):
                csvf.write('0x%x,0x%x,%d,%s\n' % (p << 12, v << 12, tg, name))
        if truth is None:
            continue
        w = 'dumper ' if tg in dumper else ''
        tp, tsw = truth.get(tg, ({}, {}))
        tot[w + 'truth present'] += len(tp)
        tot[w + 'truth swapped'] += len(tsw)
        if got == tp:
            tot[w + 'processes agreeing wholly'] += 1
        else:
            tot[w + 'processes differing'] += 1
            for v, p in got.items():
                if v not in tp:
                    k = next((x[2] for x in vm[tg] if x[0] <= v < x[1]), None)
                    if k:
                        tot[w + 'extra, in a VM_PFNMAP area'] += 1
                        pfn_rows.append((tg, v << 12, p, k))
                        continue
                    tot[w + 'extra, unexplained'] += 1
                    len(ex[w + 'extra']) < 8 and ex[w + 'extra'].append(
                        (tg, c, hex(v << 12), hex(p))
                    )
                elif tp[v] != p:
                    tot[w + 'pfn differs'] += 1
                    len(ex[w + 'pfn differs']) < 8 and ex[w + 'pfn differs'].append(
                        (tg, c, hex(v << 12), hex(p), hex(tp[v]))
                    )
            for v, p in tp.items():
                if v not in got:
                    tot[w + 'missing, unexplained'] += 1
                    len(ex[w + 'missing']) < 8 and ex[w + 'missing'].append(
                        (tg, c, hex(v << 12), hex(p))
                    )
        if set(sw) != set(tsw):
            tot[w + 'swap set differs'] += 1
            ex['swap'].append(
                (
                    tg,
                    c,
                    [(hex(x << 12), hex(sw[x])) for x in sorted(set(sw) - set(tsw))[:4]],
                    [(hex(x << 12), tsw[x]) for x in sorted(set(tsw) - set(sw))[:4]],
                )
            )
    if a.write_pfnmap:
        with open(a.out + '/truth-pfnmap.tsv', 'w') as f:
            f.write('pid\tva\tpfn\tvma\n')
            for r in pfn_rows:
                f.write('%d\t%x\t%x\t%s\n' % r)
    print('tables:', dict(st))
    for k in sorted(tot):
        print('  %-32s %d' % (k, tot[k]))
    for k in ex:
        print('  first %s:' % k, *ex[k], sep='\n    ')


if __name__ == '__main__':
    main()
