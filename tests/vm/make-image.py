#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""make-image VARIANT OUTDIR [--formats] : boot a real Debian kernel under qemu
(TCG), freeze a known load, write ground truth and memory images to OUTDIR."""
import sys, os, subprocess, json, socket, time, shutil, glob, re, struct, argparse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import debian, kernels
from debian import CACHE, HERE, sh

K61, K612, KC, KARM, KCARM = (
    '6.1.0-56-amd64',
    '6.12.117+deb12-amd64',
    '6.1.0-56-cloud-amd64',
    '6.1.0-50-arm64',
    '6.1.0-50-cloud-arm64',
)
OLD = dict(suite='bullseye', load='std')
BACKPORTS = dict(suite='bookworm-backports', load='std')
NEWEST = dict(suite='sid', load='std')
MORE = dict(load='more', huge=40, wait=1800)
# Of a size that the source can hold: without a disk, and with free memory that is zeros.
TINY = dict(
    load='tiny',
    noroot=1,
    huge=1,
    out=64,
    append='init_on_free=1 cryptomgr.notests nosmp slub_debug=- hugepages=1',
)
# Each event that can be traced would have a folder of files in memory.
FEWER = TINY['append'] + ' initcall_blacklist=tracer_init_tracefs'
# Skylake is an Intel model, so the kernel itself turns page-table isolation on.
VARIANTS = {
    'amd64': dict(kver=K61, mem=256, cpu='Skylake-Client-v1', load='std'),
    'amd64-nopti': dict(kver=K61, mem=256, cpu='qemu64', load='std'),
    'amd64-la57': dict(kver=K61, mem=384, cpu='max', load='std', gib=0),
    'amd64-612': dict(kver=K612, mem=320, cpu='max,-la57', load='std'),
    # The second node has no processor: its pages are asked after by NUMA hints.
    'amd64-numa': dict(
        kver=K61,
        mem=320,
        cpu='Skylake-Client-v1',
        load='std',
        append='numa_balancing=enable',
        numa=[192, 128],
    ),
    'amd64-cloud': dict(kver=KC, mem=256, cpu='Skylake-Client-v1', load='std'),
    'big': dict(
        kver=K61,
        mem=6144,
        cpu='max,-la57',
        load='big',
        out=1024,
        huge=8,
        append='hugepagesz=1G hugepages=1 hugepagesz=2M default_hugepagesz=2M',
        wait=2400,
    ),
    'i386-pae': dict(kver='6.1.0-50-686-pae', mem=1024, cpu='max', load='std', skip='hwpoison'),
    'i386-pae-5g': dict(
        kver='6.1.0-50-686-pae',
        mem=5120,
        cpu='qemu64',
        load='std',
        skip='hwpoison',
        qemu='qemu-system-x86_64',
        wait=120,
    ),
    'i386': dict(kver='6.1.0-50-686', mem=1024, cpu='qemu32', load='std', skip='hwpoison'),
    'arm64': dict(kver=KARM, mem=384, cpu='cortex-a72', load='std', skip='devmap'),
    # Older and newer ones, the newest of each flavour in suites beside the system's own.
    'amd64-510': dict(OLD, flavour='amd64', mem=256, cpu='Skylake-Client-v1'),
    'amd64-510-cloud': dict(OLD, flavour='cloud-amd64', mem=256, cpu='qemu64'),
    'amd64-510-rt': dict(OLD, flavour='rt-amd64', mem=384, cpu='max', smp=2),
    'i386-510': dict(OLD, flavour='686', mem=1024, cpu='qemu32', skip='hwpoison'),
    'i386-pae-510': dict(OLD, flavour='686-pae', mem=1024, cpu='max', skip='hwpoison'),
    'arm64-510': dict(OLD, flavour='arm64', mem=384, cpu='cortex-a72', skip='devmap'),
    'arm64-612': dict(BACKPORTS, flavour='arm64', mem=384, cpu='cortex-a72', skip='devmap'),
    'arm64-612-max': dict(BACKPORTS, flavour='arm64', mem=384, cpu='max', skip='devmap'),
    'arm64-16k': dict(BACKPORTS, flavour='arm64-16k', mem=1536, cpu='cortex-a76', skip='devmap'),
    'amd64-newest': dict(NEWEST, flavour='amd64', mem=384, cpu='max,-la57'),
    'amd64-newest-debug': dict(
        NEWEST,
        flavour='amd64',
        mem=640,
        cpu='max,-la57',
        smp=4,
        append='nokaslr slub_debug=FZPU page_owner=on init_on_free=1 rig.thp=always',
    ),
    'arm64-newest': dict(NEWEST, flavour='arm64', mem=512, cpu='max', skip='devmap'),
    # Less usual kinds of memory and of processes, on kernels that are above with the usual ones.
    'amd64-more': dict(MORE, kver=K61, mem=512, cpu='Skylake-Client-v1', append='vga=0x314'),
    'amd64-612-more': dict(MORE, kver=K612, mem=512, cpu='max,-la57', append='vga=0x314'),
    'amd64-newest-more': dict(
        MORE,
        suite='sid',
        flavour='amd64',
        mem=2176,
        cpu='max',
        smp=2,
        append='hugepagesz=1G hugepages=1 hugepagesz=2M default_hugepagesz=2M',
    ),
    'i386-pae-more': dict(MORE, kver='6.1.0-50-686-pae', mem=1024, cpu='max'),
    'arm64-more': dict(MORE, kver=KARM, mem=512, cpu='cortex-a72'),
    'arm64-newest-more': dict(MORE, suite='sid', flavour='arm64', mem=640, cpu='max'),
    'tiny': dict(TINY, kver=KC, mem=76, cpu='qemu64'),
    'tiny-i386': dict(TINY, kver='6.1.0-50-686', mem=64, cpu='qemu32', append=FEWER),
    'tiny-i386-pae': dict(TINY, kver='6.1.0-50-686-pae', mem=64, cpu='max', append=FEWER),
    'tiny-arm64': dict(TINY, kver=KCARM, mem=96, cpu='cortex-a72', append=FEWER),
}
VARIANTS.update(kernels.KERNELS)
TOOL = {
    'amd64': ('gcc', 'qemu-system-x86_64', 'ttyS0'),
    'i386': ('i686-linux-gnu-gcc-12', 'qemu-system-i386', 'ttyS0'),
    'arm64': ('aarch64-linux-gnu-gcc-12', 'qemu-system-aarch64', 'ttyAMA0'),
}


def arch_of(v):
    if 'arch' in v:
        return v['arch']
    name = v.get('kver') or v['flavour']
    return 'i386' if '686' in name else 'arm64' if 'arm64' in name else 'amd64'


def unpacked(path):
    """a module's bytes, however it is compressed"""
    with open(path, 'rb') as f:
        data = f.read()
    tool = {'.xz': 'xz', '.zst': 'zstd'}.get(os.path.splitext(path)[1])
    if tool is None:
        return data
    return subprocess.run([tool, '-dcq'], input=data, check=True, capture_output=True).stdout


def log(*a):
    print(time.strftime('%H:%M:%S'), *a, flush=True)


class Cpio:
    def __init__(s, f):
        s.f, s.ino = f, 1

    def add(s, name, data=b'', mode=0o100755):
        n = name.encode() + b'\0'
        s.ino += 1
        h = '070701' + ''.join(
            '%08x' % x for x in (s.ino, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(n), 0)
        )
        b = h.encode() + n
        b += b'\0' * (-len(b) % 4) + data
        b += b'\0' * (-len(b) % 4)
        s.f.write(b)


def modlist(kd, kver, names):
    out = []
    for m in names:
        r = subprocess.run(
            ['modprobe', '-D', '-d', kd, '-S', kver, m], capture_output=True, text=True
        )
        for l in r.stdout.splitlines():
            w = l.split()
            if w and w[0] == 'insmod' and w[1] not in out:
                out.append(w[1])
    return out


def build(v, arch, kd, bb, ko, work):
    cc = TOOL[arch][0]
    strip = {'amd64': 'strip', 'i386': 'i686-linux-gnu-strip', 'arm64': 'aarch64-linux-gnu-strip'}[
        arch
    ]
    g = HERE + '/guest/'
    sh(cc, '-O2', '-w', '-static', '-o', work + '/riginit', g + 'riginit.c')
    static = ['-static'] if v.get('noroot') else []
    load = [g + 'rigload.c', g + 'rigmore.c', '-lpthread']
    sh(cc, '-O2', '-w', *static, '-o', work + '/rigload', *load)
    sh(strip, work + '/riginit', work + '/rigload')
    if arch == 'amd64' and not v.get('noroot'):
        sh(
            'i686-linux-gnu-gcc-12',
            '-O2',
            '-w',
            '-static',
            '-o',
            work + '/rigload32',
            *load,
        )
        sh('i686-linux-gnu-strip', work + '/rigload32')
    names = ['virtio_pci', 'virtio_blk', 'virtio_mmio', 'qemu_fw_cfg']
    if not v.get('noroot'):
        names += ['crc32c_generic', 'ext4', 'zram', 'lzo_rle', 'overlay']
    if v['load'] == 'more':
        names += ['vhost_net', 'af_packet']
    mods = modlist(kd, v['kver'], names)
    rd = lambda p: open(p, 'rb').read()
    with open(work + '/initrd.cpio', 'wb') as f:
        c = Cpio(f)
        for d in 'mods', 'bin', 'dev', 'proc', 'sys':
            c.add(d, mode=0o040755)
        c.add('init', rd(work + '/riginit'))
        lst = []
        for m in mods:
            n = 'mods/' + re.sub(r'\.(xz|zst)$', '', os.path.basename(m))
            c.add(n, unpacked(m), 0o100644)
            lst.append('/' + n)
        if ko:
            sh(strip, '--strip-debug', '-o', work + '/rt.ko', ko)
            c.add('mods/rigtruth.ko', rd(work + '/rt.ko'), 0o100644)
            lst.append('/mods/rigtruth.ko')
        lime = f'{CACHE}/ko/lime-{v["kver"]}.ko'
        c.add('mods/list', ('\n'.join(lst) + '\n').encode(), 0o100644)
        if v.get('noroot'):
            c.add('bin/rigload', rd(work + '/rigload'))
        c.add('TRAILER!!!')
    sh('gzip', '-9', '-k', '-f', work + '/initrd.cpio') if v.get('noroot') else sh(
        'gzip', '-1', '-k', '-f', work + '/initrd.cpio'
    )
    if not v.get('noroot'):
        r = work + '/rootfs'
        shutil.rmtree(r, ignore_errors=True)
        for d in 'bin', 'lib', 'data', 'dev', 'proc', 'sys', 'tmp', 'etc':
            os.makedirs(f'{r}/{d}')
        shutil.copy(work + '/rigload', r + '/bin/')
        if os.path.exists(work + '/rigload32'):
            shutil.copy(work + '/rigload32', r + '/bin/')
        shutil.copy(glob.glob(bb + '/**/bin/busybox', recursive=True)[0], r + '/bin/busybox')
        lime = f'{CACHE}/ko/lime-{v["kver"]}.ko'
        if os.path.exists(lime):
            shutil.copy(lime, r + '/lib/lime.ko')
        libs = {
            'amd64': (
                '/lib/x86_64-linux-gnu',
                'lib64',
                'lib/x86_64-linux-gnu',
                'ld-linux-x86-64.so.2',
            ),
            'i386': ('/usr/i686-linux-gnu/lib', 'lib', 'lib/i386-linux-gnu', 'ld-linux.so.2'),
            'arm64': (
                '/usr/aarch64-linux-gnu/lib',
                'lib',
                'lib/aarch64-linux-gnu',
                'ld-linux-aarch64.so.1',
            ),
        }[arch]
        os.makedirs(f'{r}/{libs[1]}', exist_ok=True)
        os.makedirs(f'{r}/{libs[2]}', exist_ok=True)
        shutil.copy(f'{libs[0]}/{libs[3]}', f'{r}/{libs[1]}/{libs[3]}')
        shutil.copy(f'{libs[0]}/libc.so.6', f'{r}/{libs[2]}/libc.so.6')
        if arch == 'arm64' or arch == 'i386':
            shutil.copy(f'{libs[0]}/libc.so.6', f'{r}/lib/libc.so.6')
        img = work + '/root.img'
        if os.path.exists(img):
            os.unlink(img)
        sh(
            'mke2fs',
            '-q',
            '-t',
            'ext4',
            '-O',
            '^has_journal,^metadata_csum',
            '-d',
            r,
            img,
            '48M',
            stdout=subprocess.DEVNULL,
        )


class QMP:
    def __init__(s, path):
        for _ in range(200):
            try:
                s.s = socket.socket(socket.AF_UNIX)
                s.s.connect(path)
                break
            except OSError:
                time.sleep(0.1)
        s.f = s.s.makefile('rw')
        json.loads(s.f.readline())
        s.cmd('qmp_capabilities')

    def cmd(s, c, **a):
        s.f.write(json.dumps({'execute': c, 'arguments': a}) + '\n')
        s.f.flush()
        while True:
            r = json.loads(s.f.readline())
            if 'return' in r:
                return r['return']
            if 'error' in r:
                raise RuntimeError(c + ': ' + r['error']['desc'])


def wait_serial(path, pat, proc, secs, start=0):
    end = time.time() + secs
    seen = start
    while time.time() < end:
        try:
            t = open(path, 'rb').read()
        except OSError:
            t = b''
        if len(t) > seen:
            sys.stderr.write(t[seen:].decode('latin1'))
            seen = len(t)
        if pat in t[start:]:
            return seen
        if proc.poll() is not None:
            raise SystemExit('qemu ended: %s' % proc.returncode)
        time.sleep(0.3)
    raise SystemExit('timed out waiting for %r' % pat)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('variant', choices=sorted(VARIANTS))
    ap.add_argument('outdir')
    ap.add_argument(
        '--formats', action='store_true', help='also ELF, ELF paging=true, kdump-*, LiME'
    )
    ap.add_argument(
        '--format',
        action='append',
        default=[],
        help='only these: mem.elf, mem.paging.elf, mem.kdump-zlib, mem.lime (repeat)',
    )
    ap.add_argument(
        '--lime-module', action='store_true', help='also a LiME image made by the real LiME module'
    )
    ap.add_argument('--mem', type=int)
    ap.add_argument('--accel', default='tcg')
    ap.add_argument('--append', default='')
    ap.add_argument('--cpu')
    a = ap.parse_args()
    v = dict(VARIANTS[a.variant])
    if a.mem:
        v['mem'] = a.mem
    if a.cpu:
        v['cpu'] = a.cpu
    arch = arch_of(v)
    out = os.path.abspath(a.outdir)
    work = out + '/work'
    os.makedirs(work, exist_ok=True)
    if 'source' in v:
        v['kver'] = a.variant
        (kd, ko), bb = kernels.get(a.variant), debian.get_busybox(arch)
    else:
        v['kver'], kd, bb, ko = debian.get_newest(v, arch, a.lime_module)
    build(v, arch, kd, bb, ko, work)
    for f in 'serial.log', 'qmp.sock', 'truth.raw', 'lime.raw':
        if os.path.exists(f'{work}/{f}'):
            os.unlink(f'{work}/{f}')
    os.truncate(os.open(work + '/truth.raw', os.O_CREAT | os.O_RDWR), v.get('out', 128) << 20)
    disks = [] if v.get('noroot') else [('root.img')]
    disks.append('truth.raw')
    if a.lime_module:
        os.truncate(os.open(work + '/lime.raw', os.O_CREAT | os.O_RDWR), (v['mem'] + 64) << 20)
        disks.append('lime.raw')
    dargs = []
    for i, d in enumerate(disks):
        dargs += [
            '-drive',
            f'file={work}/{d},if=none,id=d{i},format=raw,cache=writeback',
            '-device',
            f'virtio-blk-pci,drive=d{i}',
        ]
    dev = lambda f: '/dev/vd' + 'abc'[disks.index(f)]
    app = f'console={TOOL[arch][2]} panic=-1 rig.out={dev("truth.raw")} '
    app += f'rig.load={v["load"]} rig.huge={v.get("huge", 4)} '
    if arch == 'arm64':
        app += 'earlycon=pl011,0x9000000 '
    if not v.get('noroot'):
        app += f'rig.root={dev("root.img")} '
    if a.lime_module:
        app += f'rig.lime=path={dev("lime.raw")},format=lime,dio=1 '
    if v.get('skip'):
        app += f'rig.skip={v["skip"]} '
    app += v.get('append', '') + ' ' + a.append
    options = ',' + v['machine'] if v.get('machine') else ''
    mach = {'arm64': ['-M', 'virt,gic-version=2,highmem=off' + options]}.get(
        arch, ['-M', 'pc,vmport=off', '-vga', 'none' if v.get('noroot') else 'std']
    )
    numa = []
    for i, mib in enumerate(v.get('numa', [])):
        numa += ['-object', f'memory-backend-ram,id=m{i},size={mib}M']
        numa += ['-numa', f'node,memdev=m{i}' + (',cpus=0' if i == 0 else '')]
    qemu = [
        v.get('qemu', TOOL[arch][1]),
        '-accel',
        a.accel,
        *mach,
        '-cpu',
        v['cpu'],
        '-m',
        str(v['mem']),
        '-smp',
        str(v.get('smp', 1)),
        *numa,
        '-display',
        'none',
        '-nodefaults',
        '-no-reboot',
        '-monitor',
        'none',
        '-chardev',
        f'socket,id=ser,path={work}/ser.sock,server=on,wait=off,logfile={work}/serial.log',
        '-serial',
        'chardev:ser',
        '-qmp',
        f'unix:{work}/qmp.sock,server=on,wait=off',
        '-device',
        'vmcoreinfo',
        '-device',
        'virtio-rng-pci',
        '-kernel',
        glob.glob(kd + '/**/vmlinuz*', recursive=True)[0],
        '-initrd',
        work + '/initrd.cpio.gz',
        '-append',
        app.strip(),
        *dargs,
    ]
    if os.path.exists(work + '/ser.sock'):
        os.unlink(work + '/ser.sock')
    open(out + '/qemu.cmd', 'w').write(
        ' '.join("'%s'" % x if re.search(r'[^\w=/.,:-]', x) else x for x in qemu) + '\n'
    )
    t0 = time.time()
    p = subprocess.Popen(qemu, stdin=subprocess.DEVNULL)
    log('qemu pid', p.pid)
    try:
        q = QMP(work + '/qmp.sock')
        wait_serial(work + '/serial.log', b'RIG-READY', p, v.get('wait', 900))
        time.sleep(1)
        q.cmd('stop')
        log('frozen after %.0f s' % (time.time() - t0))
        if arch == 'arm64':
            ranges = [(0x40000000, v['mem'] << 20, 0)]
        else:
            ranges = [(0, min(v['mem'] << 20, 0xC0000000), 0)]
            if (v['mem'] << 20) > 0xC0000000:
                ranges.append((1 << 32, (v['mem'] << 20) - 0xC0000000, 1 << 32))
        raw = out + '/mem.raw'
        if os.path.exists(raw):
            os.unlink(raw)
        if len(ranges) == 1:
            q.cmd('pmemsave', val=ranges[0][0], size=ranges[0][1], filename=raw)
        else:  # leave the hole below 4 GiB sparse
            with open(raw, 'wb') as f:
                f.truncate(ranges[-1][0] + ranges[-1][1])
            for pa, ln, off in ranges:
                q.cmd('pmemsave', val=pa, size=ln, filename=raw + '.part')
                copy_sparse(raw + '.part', raw, off)
                os.unlink(raw + '.part')
        log('raw', os.path.getsize(raw), 'allocated', os.stat(raw).st_blocks * 512)
        json.dump(
            {
                'arch': arch,
                'kver': v['kver'],
                'cpu': v['cpu'],
                'raw': [{'phys': x[0], 'length': x[1], 'offset': x[2]} for x in ranges],
            },
            open(out + '/layout.json', 'w'),
            indent=1,
        )
        if (
            arch != 'arm64'
        ):  # qemu's own walk of the page tables that CR3 names: a truth for the kernel's half
            open(out + '/qemu-registers.txt', 'w').write(
                q.cmd('human-monitor-command', **{'command-line': 'info registers'})
            )
            if not v.get('no_tlb'):
                zp = subprocess.Popen(
                    ['zstd', '-q', '-f', '-o', out + '/qemu-info-tlb.txt.zst'],
                    stdin=subprocess.PIPE,
                )
                zp.communicate(
                    q.cmd('human-monitor-command', **{'command-line': 'info tlb'}).encode()
                )
        if a.formats or a.format:
            for name, arg in (
                ('mem.elf', dict(paging=False)),
                ('mem.paging.elf', dict(paging=True)),
                ('mem.kdump-zlib', dict(paging=False, format='kdump-zlib')),
                ('mem.kdump-lzo', dict(paging=False, format='kdump-lzo')),
                ('mem.kdump-snappy', dict(paging=False, format='kdump-snappy')),
            ):
                f = f'{out}/{name}'
                if a.format and name not in a.format:
                    continue
                if os.path.exists(f):
                    os.unlink(f)
                try:
                    q.cmd('dump-guest-memory', protocol='file:' + f, **arg)
                    log(name, os.path.getsize(f))
                except RuntimeError as e:
                    log(name, 'FAILED', e)
        if a.lime_module:
            q.cmd('cont')
            at = os.path.getsize(work + '/serial.log')
            s = socket.socket(socket.AF_UNIX)
            s.connect(work + '/ser.sock')
            s.sendall(b'l\n')
            try:
                wait_serial(work + '/serial.log', b'RIG-LIME', p, 300, at)
                time.sleep(2)
            except SystemExit as e:
                log('lime', e)
            q.cmd('stop')
            trim_lime(work + '/lime.raw', out + '/mem.module.lime')
        q.cmd('quit')
        p.wait(30)
    finally:
        if p.poll() is None:
            p.kill()
            p.wait()
    shutil.copy(work + '/serial.log', out + '/serial.log')
    import truthlib

    truthlib.convert(work + '/truth.raw', out)
    if a.formats or 'mem.lime' in a.format:
        truthlib.make_lime(out)
    with open(
        out + '/walk.log', 'w'
    ) as f:  # the independent walker against pagemap; writes truth-pfnmap.tsv
        via = 'rigtruth' if ko else 'btf'
        subprocess.run(
            [HERE + '/walk.py', out, '--write-pfnmap', '--via', via],
            stdout=f,
            stderr=subprocess.STDOUT,
        )
    sys.stdout.write(open(out + '/walk.log').read())
    for f in 'truth.raw', 'initrd.cpio':
        if os.path.exists(f'{work}/{f}'):
            os.unlink(f'{work}/{f}')
    log('done')


def trim_lime(src, dst):
    """the disk is larger than what LiME wrote: stop after the last record"""
    n = 0
    with open(src, 'rb') as f:
        while True:
            f.seek(n)
            h = f.read(32)
            if len(h) < 32 or h[:4] != b'EMiL':
                break
            a, b = struct.unpack_from('<QQ', h, 8)
            n += 32 + b + 1 - a
    shutil.copyfile(src, dst)
    os.truncate(dst, n)


def copy_sparse(src, dst, off):
    z = b'\0' * 65536
    with open(src, 'rb') as i, open(dst, 'r+b') as o:
        while True:
            b = i.read(65536)
            if not b:
                break
            if b != z[: len(b)]:
                o.seek(off)
                o.write(b)
            off += len(b)


sys.path.insert(0, HERE)
if __name__ == '__main__':
    main()
