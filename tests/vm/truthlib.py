# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""Turns the guest's truth stream into truth.tsv.zst, procs.tsv, maps.tsv, kernel.txt and iomem.txt;
writes LiME images and kdumps (truthlib.py lime|kdump OUTDIR)."""
import os, re, struct, subprocess, json, array, gzip, zlib


def esc(b):
    """comm as text: backslash escapes as /proc/PID/status and /proc/PID/maps use"""
    return ''.join(chr(c) if 32 <= c < 127 and c != 92 else '\\x%02x' % c for c in b)


def records(path):
    with open(path, 'rb') as f:
        while True:
            l = f.readline()
            w = l.split(b' ', 2)
            if w[0] == b'F':
                n = int(w[1])
                yield 'F', w[2].strip().decode('latin1'), f.read(n)
            elif w[0] == b'P':
                x = w[2].split()
                n = int(x[1])
                yield 'P', int(w[1]), int(x[0], 16), array.array('Q', f.read(n * 8))
            elif w[0] == b'E':
                return
            else:
                raise SystemExit('bad truth stream at %d: %r' % (f.tell(), l[:60]))


def in_small_pages(words, per_page):
    """the words of frames, or the pagemap of pages, as of pages of 4 KiB"""
    if per_page == 1:
        return words
    r = array.array('Q')
    for e in words:
        r.extend([e] * per_page)
    return r


def small_pagemap(words, per_page):
    """Frames, and places in swap space, are counted in such pages, too."""
    if per_page == 1:
        return words
    r = array.array('Q')
    for e in words:
        shift, mask = (0, (1 << 55) - 1) if e >> 63 else (5, (1 << 50) - 1)
        number = e >> shift & mask
        for k in range(per_page):
            r.append(e & ~(mask << shift) | (number * per_page + k) << shift)
    return r


def small_swap_cache(line, per_page):
    """A line of the module's about a page in the swap cache; others stay as they are."""
    x = line.split(b'\t')
    if per_page == 1 or x[0] != b'#swapcache':
        return line
    t, place = x[2].split(b':')
    pfn, place = int(x[1], 16) * per_page, int(place, 16) * per_page
    return b'\n'.join(
        b'#swapcache\t%x\t%s:%x' % (pfn + k, t, place + k) for k in range(per_page)
    )


def convert(path, out):
    files = {}
    pm = []
    zs = subprocess.Popen(
        ['zstd', '-q', '-f', '-3', '-o', out + '/truth.tsv.zst'], stdin=subprocess.PIPE
    )
    for r in records(path):
        if r[0] == 'F':
            files.setdefault(r[1], bytearray()).extend(r[2])
        else:
            pm.append(r[1:])
    # Everything in these files is of pages of 4 KiB, whatever the kernel's are.
    per_page = int(files.get('pagesize', b'4096')) >> 12
    kpc, kpf = (
        in_small_pages(array.array('Q', bytes(files.get('proc/' + n, b''))), per_page)
        for n in ('kpagecount', 'kpageflags')
    )
    for n, k in (('kpagecount', kpc), ('kpageflags', kpf)):
        with open(f'{out}/{n}.u64.tmp', 'wb') as f:
            k.tofile(f)
        subprocess.run(
            ['zstd', '-q', '-f', '--rm', f'{out}/{n}.u64.tmp', '-o', f'{out}/{n}.u64.zst'],
            check=True,
        )
    pids = sorted({int(m.group(1)) for m in (re.match(r'proc/(\d+)/stat$', k) for k in files) if m})
    comm, procs = {}, []

    def stat(b):
        i, j = b.index(b'('), b.rindex(b')')
        return b[i + 1 : j], b[j + 2 :].split()

    dumper = int(files['dumper'])
    # the module's list has the comm bytes exactly
    kcomm = {}
    for l in files.get('proc/rigtruth', b'').decode().splitlines():
        if l[0] != '#':
            x = l.split('\t')
            kcomm[int(x[0])] = bytes.fromhex(x[3]).split(b'\0')[0]
    for p in pids:
        c, s = stat(bytes(files[f'proc/{p}/stat']))
        # stat escapes; comm has the bytes as they are, of a kworker more than the task has
        c = kcomm.get(p, bytes(files.get(f'proc/{p}/comm', c)).removesuffix(b'\n')[:15])
        kth = int(s[6]) & 0x200000 != 0
        comm[p] = esc(c)
        ths = [
            int(m.group(1))
            for m in (re.match(rf'proc/{p}/task/(\d+)/stat$', k) for k in files)
            if m
        ] or [p]
        procs.append(
            (
                p,
                p,
                int(s[1]),
                comm[p],
                int(kth),
                s[0].decode(),
                int(s[19]),
                len(ths),
                'dumper' if p == dumper else '',
            )
        )
    with open(out + '/procs.tsv', 'w') as f:
        f.write('pid\ttgid\tppid\tcomm\tis_kthread\tstate\tstart_time\tnthreads\tnote\n')
        for r in procs:
            f.write('\t'.join(map(str, r)) + '\n')
    with open(out + '/maps.tsv', 'w') as f:
        f.write('pid\tstart\tend\tperms\toffset\tpath\n')
        for p in pids:
            for l in bytes(files.get(f'proc/{p}/maps', b'')).decode('latin1').splitlines():
                m = re.match(r'([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+\s*(.*)', l)
                f.write('\t'.join((str(p),) + m.groups()) + '\n')
    w = zs.stdin
    npres = nswap = 0
    w.write(b'pid\tcomm\tva\tpfn\tflags:PFXDWS\tkpageflags\tmapcount\n')
    bufs = []
    per = {}
    for pid, va, a in pm:
        a = small_pagemap(a, per_page)
        c = comm[pid]
        q = per.setdefault(pid, [0, 0])
        for i, e in enumerate(a):
            if e >> 63:
                pfn = e & ((1 << 55) - 1)
                q[0] += 1
                bufs.append(
                    '%d\t%s\t%x\t%x\t%s\t%s\t%s\n'
                    % (
                        pid,
                        c,
                        va + (i << 12),
                        pfn,
                        'P'
                        + ('F' if e >> 61 & 1 else '')
                        + ('X' if e >> 56 & 1 else '')
                        + ('D' if e >> 55 & 1 else '')
                        + ('W' if e >> 57 & 1 else ''),
                        '%x' % kpf[pfn] if pfn < len(kpf) else '-',
                        kpc[pfn] if pfn < len(kpc) else '-',
                    )
                )
            else:
                q[1] += 1
                bufs.append(
                    '%d\t%s\t%x\t%s\tS%s\t-\t-\n'
                    % (
                        pid,
                        c,
                        va + (i << 12),
                        'swap:%d:%x' % (e & 31, e >> 5 & ((1 << 50) - 1)),
                        'F' if e >> 61 & 1 else '',
                    )
                )
        if len(bufs) > 50000:
            w.write(''.join(bufs).encode())
            bufs.clear()
    w.write(''.join(bufs).encode())
    w.close()
    zs.wait()
    for k in ('meminfo', 'cpuinfo', 'modules', 'swaps', 'zoneinfo', 'buddyinfo'):
        if 'proc/' + k in files:
            open(f'{out}/{k}.txt', 'wb').write(files['proc/' + k])
    open(out + '/iomem.txt', 'wb').write(files['proc/iomem'])
    with open(out + '/rigtruth.tsv', 'wb') as f:
        for l in bytes(files.get('proc/rigtruth', b'')).splitlines():
            f.write(small_swap_cache(l, per_page) + b'\n')
    open(out + '/verify.tsv', 'wb').write(files.get('verify', b''))
    with gzip.open(out + '/kallsyms.txt.gz', 'wb') as f:
        f.write(files.get('proc/kallsyms', b''))
    with gzip.open(out + '/smaps.txt.gz', 'wb') as f:
        for p in pids:
            if f'proc/{p}/smaps' in files:
                f.write(b'PID %d\n' % p + files[f'proc/{p}/smaps'])
    os.makedirs(out + '/status', exist_ok=True)
    for p in pids:
        open(f'{out}/status/{p}', 'wb').write(
            files.get(f'proc/{p}/status', b'')
            + b'cmdline: '
            + files.get(f'proc/{p}/cmdline', b'')
            + b'\n'
        )
    want = (
        'init_task init_top_pgt init_level4_pgt swapper_pg_dir _text _stext _etext _end '
        'init_uts_ns linux_banner __start_BTF __stop_BTF phys_base page_offset_base '
        'vmalloc_base vmemmap_base init_mm init_pid_ns __pgtable_l5_enabled vmcoreinfo_data '
        'vmcoreinfo_note kallsyms_names kallsyms_num_syms kallsyms_token_table '
        'kallsyms_token_index kallsyms_markers kallsyms_offsets kallsyms_relative_base '
        'kallsyms_addresses memstart_addr kimage_voffset empty_zero_page zero_pfn huge_zero_pfn '
        'vdso_data high_memory max_low_pfn idmap_pg_dir tramp_pg_dir reserved_pg_dir '
        'init_thread_union current_task pcpu_hot __per_cpu_offset '
    ).split()
    syms = {}
    for l in files.get('proc/kallsyms', b'').decode('latin1').splitlines():
        x = l.split()
        if len(x) == 3 and x[2] in want and x[2] not in syms:
            syms[x[2]] = int(x[0], 16)
    vi = files.get('sys/kernel/vmcoreinfo', b'').decode().split()
    if vi and os.path.exists(out + '/layout.json') and os.path.exists(out + '/mem.raw'):
        pa = int(vi[0], 16)
        for x in json.load(open(out + '/layout.json'))['raw']:
            if x['phys'] <= pa < x['phys'] + x['length']:
                with open(out + '/mem.raw', 'rb') as f:
                    f.seek(x['offset'] + pa - x['phys'])
                    b = f.read(4096)
                    open(out + '/vmcoreinfo.txt', 'wb').write(
                        b[24:].split(b'\0')[0] if b[12:22] == b'VMCOREINFO' else b
                    )
    bann = files['proc/version'].decode().strip()
    text = syms.get('_text') or syms.get('_stext')
    arch = (
        json.load(open(out + '/layout.json'))['arch']
        if os.path.exists(out + '/layout.json')
        else 'amd64'
    )
    with open(out + '/kernel.txt', 'w') as f:
        f.write('banner\t%s\ncmdline\t%s\n' % (bann, files['proc/cmdline'].decode().strip()))
        base = {'amd64': 0xFFFFFFFF81000000, 'i386': 0xC1000000}.get(arch)
        if base and text:
            f.write('kaslr_offset\t%x\n' % (text - base))
        m = re.search(rb'([0-9a-f]+)-[0-9a-f]+ : Kernel code', files['proc/iomem'])
        if m:
            f.write('kernel_code_phys\t%s\n' % m.group(1).decode())
        for k in ('meltdown', 'l1tf'):
            kk = 'sys/devices/system/cpu/vulnerabilities/' + k
            if kk in files:
                f.write('%s\t%s\n' % (k, files[kk].decode().strip()))
        fl = re.search(rb'^flags\s*:(.*)', files.get('proc/cpuinfo', b''), re.M)
        if fl:
            f.write(
                'cpu_flags_of_interest\t%s\n'
                % ' '.join(
                    x
                    for x in fl.group(1).decode().split()
                    if x in ('la57', 'pti', 'pae', 'nx', 'pdpe1gb', 'pku', 'lm', 'pse', 'pge')
                )
            )
        f.write('vmcoreinfo_phys\t%s\n' % files.get('sys/kernel/vmcoreinfo', b'').decode().strip())
        f.write(
            'thp\t%s\n'
            % files.get('sys/kernel/mm/transparent_hugepage/enabled', b'').decode().strip()
        )
        for k in want:
            if k in syms:
                f.write('sym\t%s\t%x\n' % (k, syms[k]))
    with open(out + '/counts.tsv', 'w') as f:
        f.write('pid\tcomm\tpresent\tswapped\n')
        for p in pids:
            q = per.get(p, [0, 0])
            f.write('%d\t%s\t%d\t%d\n' % (p, comm[p], *q))
            npres += q[0]
            nswap += q[1]
        f.write('#total\t\t%d\t%d\n' % (npres, nswap))
    print(
        'truth: %d processes, %d user, %d present, %d swapped; kpagecount %d pfns; verify: %s'
        % (
            len(pids),
            sum(1 for r in procs if not r[4]),
            npres,
            nswap,
            len(kpc),
            {k: files.get('verify', b'').count(k.encode()) for k in ('same', 'CHANGED')},
        )
    )


def read_smaps(out):
    """Process, first and last page and VmFlags of each area."""
    pid = area = None
    if not os.path.exists(out + '/smaps.txt.gz'):
        return
    with gzip.open(out + '/smaps.txt.gz', 'rt', encoding='latin-1', newline='\n') as f:
        for l in f:
            m = re.match(r'([0-9a-f]+)-([0-9a-f]+) ', l)
            if l.startswith('PID '):
                pid = int(l[4:])
            elif m:
                area = int(m.group(1), 16) >> 12, (int(m.group(2), 16) >> 12) - 1
            elif l.startswith('VmFlags:'):
                yield pid, *area, set(l.split()[1:])


def ranges(out):
    r = []
    for l in open(out + '/iomem.txt'):
        m = re.match(r'([0-9a-f]+)-([0-9a-f]+) : System RAM', l)
        if m:
            r.append((int(m.group(1), 16), int(m.group(2), 16)))
    return r


def copy_ram(src, out, dst, before):
    """copies every range of RAM of the raw image src; before(start, end) gives the bytes in front
    of each; blocks of zeros stay sparse"""
    lay = json.load(open(out + '/layout.json'))['raw']
    for s, e in ranges(out):
        seg = next((x for x in lay if x['phys'] <= s < x['phys'] + x['length']), None)
        if not seg:
            continue
        dst.write(before(s, e))
        src.seek(seg['offset'] + s - seg['phys'])
        n = e - s + 1
        while n:
            b = src.read(min(n, 1 << 20))
            if not b:
                raise SystemExit('raw image is too short for %x-%x' % (s, e))
            if b.count(0) == len(b):
                dst.seek(len(b), 1)
            else:
                dst.write(b)
            n -= len(b)
    dst.truncate(dst.tell())


def make_lime(out, dst=None, raw=None):
    with open(dst or out + '/mem.lime', 'wb') as o, open(raw or out + '/mem.raw', 'rb') as i:
        copy_ram(i, out, o, lambda s, e: struct.pack('<IIQQ8s', 0x4C694D45, 1, s, e, b''))


def make_elf(out, dst, raw):
    """a plain ELF core: one PT_LOAD a range of RAM, no notes"""
    loads = []
    at = 64 + 56 * len(ranges(out))
    for s, e in ranges(out):
        loads.append(struct.pack('<IIQQQQQQ', 1, 6, at, 0, s, e - s + 1, e - s + 1, 0))
        at += e - s + 1
    head = struct.pack(
        '<16sHHIQQQIHHHHHH', b'\x7fELF\2\1\1', 4, 62, 1, 0, 64, 0, 0, 64, 56, len(loads), 0, 0, 0
    )
    with open(dst, 'wb') as o, open(raw, 'rb') as i:
        o.write(head + b''.join(loads))
        copy_ram(i, out, o, lambda s, e: b'')


def make_kdump(out, dst=None, raw=None):
    """a kdump compressed with zlib, as makedumpfile -c writes it, of all whole pages of RAM; the
    layout is in makedumpfile's IMPLEMENTATION"""
    page = 4096
    lay = json.load(open(out + '/layout.json'))['raw']
    frames = [
        f
        for s, e in ranges(out)
        for f in range((s + page - 1) // page, (e + 1) // page)
        if any(x['phys'] <= f * page < x['phys'] + x['length'] for x in lay)
    ]
    n_bits = frames[-1] + 1
    bitmap = bytearray(-(-n_bits // (8 * page)) * page)
    for f in frames:
        bitmap[f >> 3] |= 1 << (f & 7)
    head = bytearray(2 * page)
    struct.pack_into('<8si', head, 0, b'KDUMP   ', 6)
    struct.pack_into('<6s', head, 12 + 4 * 65, b'x86_64')
    struct.pack_into('<IiiI', head, 424, 1, page, 1, 2 * len(bitmap) // page)
    struct.pack_into('<Q', head, page + 96, n_bits)
    at = len(head) + 2 * len(bitmap) + 24 * len(frames)
    zeros = None
    with open(dst or out + '/mem.kdump-zlib', 'wb') as o, open(raw or out + '/mem.raw', 'rb') as i:
        o.write(head + bitmap + bitmap)
        descriptors = []
        o.seek(at)
        for f in frames:
            seg = next(x for x in lay if x['phys'] <= f * page < x['phys'] + x['length'])
            i.seek(seg['offset'] + f * page - seg['phys'])
            b = i.read(page)
            is_zeros = b.count(0) == page
            if is_zeros and zeros:
                descriptors.append(zeros)
                continue
            packed = zlib.compress(b, 1)
            data, flags = (packed, 1) if len(packed) < page else (b, 0)
            descriptors.append(struct.pack('<QIIQ', at, len(data), flags, 0))
            if is_zeros:
                zeros = descriptors[-1]
            o.write(data)
            at += len(data)
        o.seek(len(head) + 2 * len(bitmap))
        o.write(b''.join(descriptors))


if __name__ == '__main__':
    import sys

    if sys.argv[1] == 'lime':
        make_lime(sys.argv[2])
    elif sys.argv[1] == 'kdump':
        make_kdump(sys.argv[2])
    else:
        convert(sys.argv[1], sys.argv[2])
