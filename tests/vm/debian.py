# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""Debian's packages for a variant, downloaded and unpacked once: from the system's own suites, or
from another suite by an apt configuration of our own, which leaves the system as it is."""
import glob, os, re, subprocess, zlib

CACHE = os.environ.get('RIG_CACHE') or os.path.expanduser('~/.cache/pas2vas-rig')
HERE = os.path.dirname(os.path.abspath(__file__))
DEBS = CACHE + '/debs'

# What the tools that come with the headers of newer suites need, the C library of this system does
# not have: then there is no kernel module.
SUITES_WITH_MODULES = (None, 'bullseye', 'bookworm-backports')


def sh(*a, **k):
    return subprocess.run(a, check=True, **k)


def mirror_of(kind):
    """The system's own mirror: of 'debian' or of 'security'."""
    lines = subprocess.run(
        ['apt-get', 'indextargets', '--format', '$(RELEASE) $(REPO_URI)', 'Created-By: Packages'],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for l in lines:
        release, uri = l.split()[:2]
        if ('-security' in release) == (kind == 'security'):
            return uri
    return None


class Apt:
    """apt with the packages of one suite, of all three processors; None is the system's own."""

    def __init__(self, suite):
        self.environ = dict(os.environ)
        if suite is None:
            return
        d = f'{CACHE}/apt/{suite}'
        self.environ['APT_CONFIG'] = d + '/apt.conf'
        if os.path.exists(d + '/complete'):
            return
        os.makedirs(d + '/lists/partial', exist_ok=True)
        os.makedirs(d + '/cache/archives/partial', exist_ok=True)
        with open(d + '/sources.list', 'w') as f:
            f.write(f'deb {mirror_of("debian")} {suite} main\n')
            security = mirror_of('security')
            if security and '-' not in suite and suite != 'sid':
                f.write(f'deb {security} {suite}-security main\n')
        with open(d + '/apt.conf', 'w') as f:
            f.write(
                f'Dir::Etc::SourceList "{d}/sources.list";\nDir::Etc::SourceParts "/dev/null";\n'
                f'Dir::State::Lists "{d}/lists";\nDir::Cache "{d}/cache";\n'
                'APT::Architectures { "amd64"; "i386"; "arm64"; };\n'
                'Acquire::Languages "none";\n'
            )
        # A mirror in the middle of its own update need not matter: what is missing is said later.
        subprocess.run(['apt-get', '-q', 'update'], env=self.environ)
        open(d + '/complete', 'w').close()

    def depends(self, package):
        """What each version depends on, the newest first; of alternatives the first."""
        text = subprocess.run(
            ['apt-cache', 'show', package],
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return [
            [re.split(r'[ |(]', x.strip())[0] for x in l.split(',')]
            for l in re.findall(r'^Depends: (.*)$', text, re.M)
        ]

    def unpack(self, package, where):
        before = set(glob.glob(DEBS + '/*.deb'))
        os.makedirs(DEBS, exist_ok=True)
        sh('apt-get', '-q', 'download', package, cwd=DEBS, env=self.environ)
        name = package.split(':')[0]
        found = set(glob.glob(f'{DEBS}/{name}_*.deb'))
        for f in sorted(found - before or found, key=os.path.getmtime)[-1:]:
            sh('dpkg', '-x', f, where)


def find_versions(v, arch):
    """The versions of a variant's kernel: one, or those of a flavour that the suite has."""
    if 'kver' in v:
        return [v['kver']]
    found = Apt(v['suite']).depends(f'linux-image-{v["flavour"]}:{arch}')
    matches = [re.match(r'linux-image-(\d.*)$', d) for depends in found for d in depends]
    return [m.group(1) for m in matches if m]


def get_kernel(apt, kver, arch):
    kd = f'{CACHE}/k/linux-image-{kver}'
    if not os.path.isdir(kd):
        os.makedirs(kd + '.new', exist_ok=True)
        # Since 7 the kernel and its modules are packages of their own.
        parts = [f'linux-{x}-{kver}' for x in ('binary', 'modules', 'base')]
        packages = [x for x in apt.depends(f'linux-image-{kver}:{arch}')[0] if x in parts]
        for p in [f'linux-image-{kver}'] + packages:
            apt.unpack(f'{p}:{arch}', kd + '.new')
        if not os.path.isdir(kd + '.new/lib'):
            os.symlink('usr/lib', kd + '.new/lib')
        os.rename(kd + '.new', kd)
    if not os.path.exists(f'{kd}/lib/modules/{kver}/modules.dep.bin'):
        sh('depmod', '-b', kd, kver)
    return kd


def get_headers(apt, kver, arch):
    hd = f'{CACHE}/hdr/usr/src/linux-headers-{kver}'
    if os.path.isdir(hd):
        return
    package = f'linux-headers-{kver}:{arch}'
    wanted = r'linux-headers-.*common|linux-kbuild-'
    for p in [package] + [x for x in apt.depends(package)[0] if re.match(wanted, x)]:
        # The tools must run here, whatever the kernel runs on.
        apt.unpack(p + ':amd64' if 'kbuild' in p else p, CACHE + '/hdr')
    sh('sed', '-i', f's,include /usr/src,include {CACHE}/hdr/usr/src,', hd + '/Makefile')
    # This system's compiler, whichever it was.
    if os.path.exists(hd + '/.kernelvariables'):
        sh('sed', '-i', 's,gcc-[0-9]*$,gcc-12,', hd + '/.kernelvariables')


def get_busybox(arch):
    bb = f'{CACHE}/bb-{arch}'
    if not os.path.isdir(bb):
        Apt(None).unpack(f'busybox-static:{arch}', bb)
    return bb


def get_newest(v, arch, lime=False):
    """The version of a variant's kernel, with what get() gives: the newest that can be had, for a
    mirror in the middle of its own update has packages in its lists that it does not have."""
    for kver in find_versions(v, arch):
        try:
            return kver, *get(dict(v, kver=kver), arch, lime)
        except subprocess.CalledProcessError as e:
            print(e, flush=True)
    raise SystemExit('no kernel could be had for this variant')


def get(v, arch, lime=False):
    """The folders of the kernel and of busybox, and the module or None."""
    apt = Apt(v.get('suite'))
    kver = v['kver']
    kd = get_kernel(apt, kver, arch)
    bb = get_busybox(arch)
    if v.get('suite') not in SUITES_WITH_MODULES:
        return kd, bb, None
    get_headers(apt, kver, arch)
    with open(HERE + '/kmod/rigtruth.c', 'rb') as f:
        ko = f'{CACHE}/ko/rigtruth-{kver}-{zlib.crc32(f.read()):08x}.ko'
    if not os.path.exists(ko):
        os.makedirs(CACHE + '/ko', exist_ok=True)
        sh(HERE + '/build-kmod', kver, HERE + '/kmod/rigtruth.c', ko)
    if lime and not os.path.exists(f'{CACHE}/ko/lime-{kver}.ko'):
        apt.unpack('lime-forensics-dkms', CACHE + '/limesrc')
        source = glob.glob(CACHE + '/limesrc/usr/src/lime-forensics-*')[0]
        sh(HERE + '/build-kmod', kver, source, f'{CACHE}/ko/lime-{kver}.ko')
    return kd, bb, ko
