#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""kernels.py [KERNEL...] : builds kernels of our own, from Debian's sources, each in another
configuration; without arguments lists them. `run` and make-image.py build what they need.

A kernel is a source, a processor, a configuration of the kernel's own to start from, and fragments
out of configs/ laid over it, the later ones over the earlier ones. What a fragment asks for and the
kernel's own rules refuse is an error: then the kernel would not be the one that was meant.

RIG_CACHE has the sources, unpacked (src/, 1 GB each), and the kernels (k/own-...); builds are
made in build/ and removed. KERNEL_JOBS says how many jobs make has (default: all processors)."""
import glob, os, re, shutil, subprocess, sys, zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from debian import Apt, CACHE, HERE, sh

# Where each source is from; None is the system's own suites.
SUITES = {'5.10': 'bullseye', '6.1': None, '6.12': 'bookworm-backports', '7.2': 'sid'}

# make's ARCH, the prefix of the compiler, where the kernel's file is.
PROCESSORS = {
    'amd64': ('x86_64', '', 'arch/x86/boot/bzImage'),
    'i386': ('i386', '', 'arch/x86/boot/bzImage'),
    'arm64': ('arm64', 'aarch64-linux-gnu-', 'arch/arm64/boot/Image'),
}

# Much of what a machine of today has, and next to nothing.
PLAIN = ('defconfig', 'no-drivers', 'guest', 'truth')
TINY = ('tinyconfig', 'guest', 'truth')
RICH = (*TINY, 'rich', 'large')
MUTE = (*RICH, 'kaslr', 'no-vmcoreinfo')


def own(source, arch, base, *fragments, **machine):
    """A fragment is a file in configs/, or one option: SMP=n. A machine is as in make-image.py."""
    machine = dict(dict(load='std', mem=256), **machine)
    return dict(source=source, arch=arch, base=base[0], fragments=base[1:] + fragments, **machine)


def amd64(source, base, *fragments, **machine):
    return own(source, 'amd64', base, *fragments, **dict(dict(cpu='Skylake-Client-v1'), **machine))


def i386(source, base, *fragments, **machine):
    return own(source, 'i386', base, *fragments, skip='hwpoison', **machine)


def arm64(source, base, *fragments, **machine):
    machine = dict(dict(cpu='cortex-a72', mem=384, skip='devmap'), **machine)
    # No option of 7.2 any more.
    pan = () if source == '7.2' else ('ARM64_PAN=y',)
    return own(source, 'arm64', base, *pan, 'arm64', *fragments, **machine)


# By their variants' names.
KERNELS = {
    # As `make defconfig` has it: symbols and VMCOREINFO, no types.
    'own-61-plain': amd64('6.1', PLAIN),
    'own-612-plain': amd64('6.12', PLAIN),
    'own-72-plain': amd64('7.2', PLAIN, cpu='max,-la57'),
    # Without VMCOREINFO as well, and with symbols of functions only, or none at all.
    'own-612-bare': amd64('6.12', PLAIN, 'no-vmcoreinfo'),
    'own-61-functions': amd64('6.1', MUTE, 'functions-only'),
    'own-612-blind': amd64('6.12', MUTE, 'no-kallsyms'),
    'own-72-blind': amd64('7.2', MUTE, 'no-kallsyms'),
    'own-612-btf': amd64('6.12', MUTE, 'no-kallsyms', 'btf'),
    # One processor and little else: no modules, namespaces, control groups, large pages, isolation.
    'own-61-slab': amd64('6.1', TINY, 'SLOB=n', 'SLAB=y', 'SPARSEMEM_VMEMMAP=n', 'HZ_100=y'),
    'own-72-tiny': amd64('7.2', TINY, cpu='qemu64'),
    # Larger structures.
    'own-612-debug': amd64('6.12', RICH, 'SMP=y', 'debug', smp=2, mem=512),
    'own-612-rt': amd64('6.12', TINY, 'rich', 'SMP=y', 'EXPERT=y', 'PREEMPT_RT=y', smp=2),
    'own-61-randstruct': amd64('6.1', RICH, 'GCC_PLUGINS=y', 'RANDSTRUCT_FULL=y'),
    # 32 bits, the halves of the addresses elsewhere, tables of pages in high memory.
    'own-i386-2g': i386('6.1', TINY, 'VMSPLIT_2G=y', 'NOHIGHMEM=y', cpu='qemu32'),
    'own-i386-1g-pae': i386(
        '6.12', RICH, 'HIGHMEM64G=y', 'VMSPLIT_1G=y', 'HIGHPTE=y', cpu='max', mem=1536
    ),
    # arm64: pages and addresses as Debian has none. One large page of 64 KiB ones is 512 MiB.
    'own-arm64-64k': arm64(
        '6.1', RICH, 'EXPERT=y', 'ARM64_64K_PAGES=y', 'ARM64_VA_BITS_42=y', mem=1536, huge=1
    ),
    'own-arm64-64k-52': arm64(
        '6.1', RICH, 'ARM64_64K_PAGES=y', 'ARM64_VA_BITS_52=y', 'ARM64_PA_BITS_52=y', cpu='max',
        mem=1024,
    ),
    'own-arm64-39': arm64(
        '6.12', RICH, 'ARM64_VA_BITS_39=y', 'ARM64_SW_TTBR0_PAN=y', 'SMP=y', smp=2, mem=512,
        append='kpti=on',
    ),
    # The halves of the addresses with 52 bits; neither VMCOREINFO nor symbols nor types.
    'own-arm64-16k-52': arm64(
        '7.2', RICH, 'no-vmcoreinfo', 'no-kallsyms', 'ARM64_16K_PAGES=y', 'ARM64_VA_BITS_52=y',
        cpu='max', mem=1024,
    ),
    'own-arm64-16k-36': arm64(
        '6.12', RICH, 'EXPERT=y', 'ARM64_16K_PAGES=y', 'ARM64_VA_BITS_36=y', mem=1024
    ),
    # Pointers with a tag in their top byte.
    'own-arm64-tags': arm64(
        '6.12', RICH, 'SLUB_TINY=n', 'KASAN=y', 'ARM64_MTE=y', 'KASAN_HW_TAGS=y', cpu='max',
        machine='mte=on', mem=512, append='kasan=on',
    ),
    'own-i386-highpte': i386('6.1', TINY, 'HIGHMEM4G=y', 'HIGHPTE=y', cpu='qemu32', mem=1024),
}


def get_source(version):
    where = f'{CACHE}/src/linux-source-{version}'
    if not os.path.exists(where):
        part = f'{CACHE}/src/{version}.new'
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        Apt(SUITES[version]).unpack(f'linux-source-{version}', part)
        sh('tar', '-C', part, '-xJf', f'{part}/usr/src/linux-source-{version}.tar.xz')
        os.rename(f'{part}/linux-source-{version}', where)
        shutil.rmtree(part)
    return where


def read_fragment(name):
    """Each line of it that says something; of a single option that line."""
    option = re.fullmatch(r'(\w+)=(\w+)', name)
    if option and option.group(2) == 'n':
        return [f'# CONFIG_{option.group(1)} is not set']
    if option:
        return ['CONFIG_' + name]
    with open(f'{HERE}/configs/{name}.config') as f:
        lines = [l.strip() for l in f]
    return [l for l in lines if l.startswith('CONFIG_') or re.match(r'# CONFIG_\w+ is not set', l)]


def option_of(line):
    return re.search(r'CONFIG_\w+', line).group(0)


def make_config(make, build, k):
    wanted = {}
    make(k['base'], stdout=subprocess.DEVNULL)
    for fragment in k['fragments']:
        wanted.update((option_of(l), l) for l in read_fragment(fragment))
    with open(build + '/.config', 'a') as f:
        f.write('\n'.join(wanted.values()) + '\n')
    make('olddefconfig', stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(build + '/.config') as f:
        got = {option_of(l): l.strip() for l in f if 'CONFIG_' in l}
    # What is not there is not set.
    refused = [
        l for o, l in wanted.items() if got.get(o, f'# {o} is not set') != l
    ]
    if refused:
        raise SystemExit('the kernel refuses: ' + ', '.join(refused))


def make_module(make, build, ko):
    """rigtruth, outside the kernel's own source."""
    where = build + '/rigtruth'
    os.makedirs(where, exist_ok=True)
    shutil.copy(HERE + '/kmod/rigtruth.c', where)
    with open(where + '/Makefile', 'w') as f:
        f.write('obj-m := rigtruth.o\n')
    make(f'M={where}', 'modules')
    shutil.copy(where + '/rigtruth.ko', ko)


def signature(k):
    """Another one when the table, a fragment or the module changes."""
    parts = [k['source'], k['arch'], k['base']]
    parts += ['\n'.join(read_fragment(x)) for x in k['fragments']]
    with open(HERE + '/kmod/rigtruth.c') as f:
        parts.append(f.read())
    return f'{zlib.crc32("".join(parts).encode()):08x}'


def get(name):
    """The folder of a kernel (vmlinuz, vmlinux, config) and its module or None."""
    k = KERNELS[name]
    kd = f'{CACHE}/k/{name}-{signature(k)}'
    ko = kd + '/rigtruth.ko'
    if not os.path.isdir(kd):
        source = get_source(k['source'])
        arch, prefix, image = PROCESSORS[k['arch']]
        build = f'{CACHE}/build/{name}'
        shutil.rmtree(build, ignore_errors=True)
        os.makedirs(build)
        jobs = os.environ.get('KERNEL_JOBS') or str(os.cpu_count())
        common = ['make', '-s', '-C', source, f'O={build}', f'ARCH={arch}']
        common += [f'CROSS_COMPILE={prefix}', '-j' + jobs]
        make = lambda *a, **kw: sh(*common, *a, stdin=subprocess.DEVNULL, **kw)
        make_config(make, build, k)
        make('LOCALVERSION=-' + name, os.path.basename(image))
        part = kd + '.new'
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        if 'truth' in k['fragments']:
            make('LOCALVERSION=-' + name, 'modules_prepare', 'modules')
            make_module(make, build, part + '/rigtruth.ko')
        shutil.copy(f'{build}/{image}', part + '/vmlinuz')
        shutil.copy(build + '/vmlinux', part)
        shutil.copy(build + '/.config', part + '/config')
        os.rename(part, kd)
        shutil.rmtree(build)
    return kd, ko if os.path.exists(ko) else None


def main():
    if sys.argv[1:] == ['--variants']:
        return print('\n'.join(KERNELS))
    if len(sys.argv) == 1:
        for name, k in KERNELS.items():
            print(f'{name:24} {k["source"]:5} {k["base"]}, {", ".join(k["fragments"])}')
    for name in sys.argv[1:]:
        print(get(name)[0])


if __name__ == '__main__':
    main()
