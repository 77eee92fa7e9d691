#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""Makes the table of Windows kernels' structures from data/windows/offsets.csv.

usage: make-layouts.py OFFSETS.csv OUTPUT.h

One layout for each group of kernels whose structures agree, at each build that was sampled. The
fields and their order are P2vWindowsField of p2v-windows-layout.h.
"""
import csv
import sys

# P2vWindowsField: structure, alternative names of the field, and 'bit' if the value wanted is the
# first bit of a bit field.
FIELDS = [
    ('KPROCESS_SIZE', '_KPROCESS', ['(sizeof)']),
    ('KPROCESS_DTB', '_KPROCESS', ['DirectoryTableBase']),
    ('KPROCESS_USER_DTB', '_KPROCESS', ['UserDirectoryTableBase']),
    ('EPROCESS_PID', '_EPROCESS', ['UniqueProcessId']),
    ('EPROCESS_LINKS', '_EPROCESS', ['ActiveProcessLinks']),
    ('EPROCESS_PARENT_PID', '_EPROCESS', ['InheritedFromUniqueProcessId']),
    ('EPROCESS_NAME', '_EPROCESS', ['ImageFileName']),
    ('EPROCESS_CREATE_TIME', '_EPROCESS', ['CreateTime']),
    ('EPROCESS_EXIT_TIME', '_EPROCESS', ['ExitTime']),
    ('EPROCESS_PEB', '_EPROCESS', ['Peb']),
    ('EPROCESS_OBJECT_TABLE', '_EPROCESS', ['ObjectTable']),
    ('EPROCESS_SESSION', '_EPROCESS', ['Session']),
    ('EPROCESS_SESSION_LINKS', '_EPROCESS', ['SessionProcessLinks']),
    ('EPROCESS_ACTIVE_THREADS', '_EPROCESS', ['ActiveThreads']),
    ('EPROCESS_FLAGS', '_EPROCESS', ['Flags']),
    ('EPROCESS_VAD_ROOT', '_EPROCESS', ['VadRoot']),
    ('EPROCESS_AUDIT_NAME', '_EPROCESS', ['SeAuditProcessCreationInfo']),
    ('EPROCESS_WOW64', '_EPROCESS', ['WoW64Process', 'Wow64Process']),
    ('HANDLE_TABLE_CODE', '_HANDLE_TABLE', ['TableCode']),
    ('HANDLE_TABLE_PROCESS', '_HANDLE_TABLE', ['QuotaProcess']),
    ('HANDLE_TABLE_LINKS', '_HANDLE_TABLE', ['HandleTableList']),
    ('HANDLE_TABLE_COUNT', '_HANDLE_TABLE', ['HandleCount']),
    ('OBJECT_TYPE', '_OBJECT_HEADER', ['Type']),
    ('OBJECT_TYPE_INDEX', '_OBJECT_HEADER', ['TypeIndex']),
    ('OBJECT_BODY', '_OBJECT_HEADER', ['Body']),
    ('VAD_LEFT', '_MMVAD_SHORT', ['LeftChild']),
    ('VAD_RIGHT', '_MMVAD_SHORT', ['RightChild']),
    ('VAD_START', '_MMVAD_SHORT', ['StartingVpn']),
    ('VAD_END', '_MMVAD_SHORT', ['EndingVpn']),
    ('VAD_START_HIGH', '_MMVAD_SHORT', ['StartingVpnHigh']),
    ('VAD_END_HIGH', '_MMVAD_SHORT', ['EndingVpnHigh']),
    ('VAD_FLAGS', '_MMVAD_SHORT', ['u', 'u.VadFlags', 'u.LongFlags']),
    ('VAD_TYPE_BIT', '_MMVAD_FLAGS', ['VadType'], 'bit'),
    ('VAD_PROTECTION_BIT', '_MMVAD_FLAGS', ['Protection'], 'bit'),
    ('VAD_PRIVATE_BIT', '_MMVAD_FLAGS', ['PrivateMemory'], 'bit'),
    ('VAD_IMAGE_BIT', '_MMVAD_FLAGS', ['ImageMap'], 'bit'),
    ('VAD_SUBSECTION', '_MMVAD', ['Subsection']),
    ('VAD_CONTROL_AREA', '_MMVAD', ['ControlArea']),
    ('VAD_FIRST_PROTOTYPE', '_MMVAD', ['FirstPrototypePte']),
    ('VAD_LAST_PROTOTYPE', '_MMVAD', ['LastContiguousPte']),
    ('SUBSECTION_CONTROL_AREA', '_SUBSECTION', ['ControlArea']),
    ('SUBSECTION_BASE', '_SUBSECTION', ['SubsectionBase']),
    ('SUBSECTION_NEXT', '_SUBSECTION', ['NextSubsection']),
    ('SUBSECTION_N_PTES', '_SUBSECTION', ['PtesInSubsection']),
    ('SUBSECTION_SECTOR', '_SUBSECTION', ['StartingSector']),
    ('CONTROL_AREA_FILE', '_CONTROL_AREA', ['FilePointer']),
    ('CONTROL_AREA_FLAGS', '_CONTROL_AREA', ['u', 'u.Flags']),
    ('FILE_NAME', '_FILE_OBJECT', ['FileName']),
    ('SESSION_ID', '_MM_SESSION_SPACE', ['SessionId']),
    ('SESSION_PROCESSES', '_MM_SESSION_SPACE', ['ProcessList']),
    ('PFN_SIZE', '_MMPFN', ['(sizeof)']),
    ('PFN_PTE_ADDRESS', '_MMPFN', ['PteAddress']),
    ('PFN_ORIGINAL_PTE', '_MMPFN', ['OriginalPte']),
    ('PFN_FLAGS', '_MMPFN', ['u3.e1']),
    ('PFN_FRAME', '_MMPFN', ['u4']),
    ('PFN_PROTOTYPE_BIT', '_MMPFN', ['u4.PrototypePte'], 'bit'),
    ('EPROCESS_FILE', '_EPROCESS', ['ImageFilePointer']),
    ('KPROCESS_THREADS', '_KPROCESS', ['ThreadListHead']),
    ('KTHREAD_LINKS', '_KTHREAD', ['ThreadListEntry']),
    ('KTHREAD_TEB', '_KTHREAD', ['Teb']),
]

ABSENT = 0xffff

# Which rows of the file describe which kind of kernel, the more exact first. Nothing but _MMPFN
# depends on PAE. Until ARM64's own were sampled, what is not given for it is as on x64.
KINDS = [
    ('P2V_WINDOWS_X64', ['x64']),
    ('P2V_WINDOWS_X86', ['x86', 'x86pae']),
    ('P2V_WINDOWS_PAE', ['x86pae', 'x86']),
    ('P2V_WINDOWS_ARM64', ['arm64', 'x64']),
]

# Nodes of trees, where the structure of the area does not have its own children: the node is
# embedded at its start.
NODES = {'LeftChild': ('Left', 'LeftChild'), 'RightChild': ('Right', 'RightChild')}


def version (text):
    parts = [int (part) for part in text.split ('.')]
    return tuple (parts + [0] * (4 - len (parts)))


def load (path):
    rows = {}
    with open (path, encoding='utf-8', newline='') as file:
        for row in csv.DictReader (line for line in file if not line.startswith ('#')):
            row['first'] = version (row['build_first'])
            row['last'] = version (row['build_last'])
            rows.setdefault ((row['arch'], row['structure'], row['field']), []).append (row)
    return rows


def pick (rows, arch, structure, names, at):
    """The row for the build @at, or the nearest below it, or above in the same release."""
    below, above = None, None
    for name in names:
        for row in rows.get ((arch, structure, name), []):
            if row['first'] <= at <= row['last']:
                return row
            if row['last'] < at and (below is None or below['last'] < row['last']):
                below = row
            if row['first'] > at and row['first'][:3] == at[:3]:
                above = row
    return below or above


def pick_exact (rows, arch, structure, names, at):
    row = pick (rows, arch, structure, names, at)
    return row if row is not None and row['first'] <= at <= row['last'] else None


def value_at (rows, arches, field, at):
    structure, names = field[1], field[2]
    tries = [(pick_exact, arch, structure, names) for arch in arches]
    if structure == '_MMVAD_SHORT' and names[0] in NODES:
        left, right = NODES[names[0]]
        nodes = [('_RTL_BALANCED_NODE', [left])] if at >= version ('6.3.9600') else []
        nodes += [('_MM_AVL_NODE', [right])] if at >= version ('6.2.9200') else []
        tries += [(pick_exact, arch, *node) for node in nodes for arch in arches]
    if field[0] not in SAMPLED_ONLY:
        tries += [(pick, arch, structure, names) for arch in arches]
    for function, *arguments in tries:
        row = function (rows, *arguments, at)
        if row is not None:
            return int (row['bit'], 10) if field[3:] == ('bit',) else int (row['offset'], 16)
    return ABSENT


# Only some revisions of a build have it.
SAMPLED_ONLY = ('KPROCESS_USER_DTB',)

# What a kernel no longer has must not be taken from an older one.
GONE = {
    'OBJECT_TYPE': version ('6.1.0'), 'VAD_CONTROL_AREA': version ('6.0.0'),
    'VAD_IMAGE_BIT': version ('5.2.3790.1'), 'HANDLE_TABLE_COUNT': version ('6.2.0'),
    # _EPROCESS.Session leads to a _PSP_SESSION_SPACE, which nobody published.
    'SESSION_ID': version ('10.0.26000'), 'SESSION_PROCESSES': version ('10.0.26000'),
}


# Nobody published the records of frames of kernels with PAE before 7: as those without, but for an
# entry of 8 bytes. The program believes it only where the database proves itself.
PAE_RECORD = {'PFN_SIZE': (0x18, 0x1c), 'PFN_FRAME': (0x14, 0x18)}


def widen (field, kind, value):
    narrow, wide = PAE_RECORD.get (field[0], (None, None))
    return wide if kind == 'x86pae' and value == narrow else value


def is_gone (field, at):
    return field[0] in GONE and at >= GONE[field[0]]


def layout_at (rows, arches, at):
    return tuple (ABSENT if is_gone (field, at)
                  else widen (field, arches[0], value_at (rows, arches, field, at))
                  for field in FIELDS)


def sampled_builds (rows, arches):
    builds = set ()
    for (arch, structure, field), group in rows.items ():
        # Lists of all builds exist for a few fields only and would suggest samples that are none.
        if arch == arches[0] and structure == '_EPROCESS' and field == 'UniqueProcessId':
            builds |= {build for row in group for build in (row['first'], row['last'])}
        if arch == arches[0] and structure == '_EPROCESS' and field == '(sizeof)':
            builds |= {build for row in group for build in (row['first'], row['last'])}
        if arch == arches[0] and structure == '_EPROCESS' and field == 'VadRoot':
            builds |= {build for row in group for build in (row['first'], row['last'])}
    if arches[0] == 'x86pae':
        builds |= sampled_builds (rows, ['x86'])
    return builds


def layouts (rows):
    for kind, arches in KINDS:
        previous = None
        for build in sorted (sampled_builds (rows, arches)):
            values = layout_at (rows, arches, build)
            if values != previous:
                yield kind, build, values
            previous = values


def paths (field):
    """Under which names symbols have the field, the better first."""
    found = [(field[1], name) for name in field[2]]
    if field[1] == '_MMVAD_SHORT' and field[2][0] in NODES:
        left, right = NODES[field[2][0]]
        found += [('_MM_AVL_NODE', right), ('_RTL_BALANCED_NODE', left)]
    return found


def main (source, target):
    rows = load (source)
    with open (target, 'w', encoding='utf-8') as out:
        out.write ('/* Made by make-layouts.py from data/windows/offsets.csv. */\n\n')
        out.write ('static const P2vWindowsLayout layouts[] = {\n')
        for kind, build, values in layouts (rows):
            out.write ('  { %s, { %d, %d, %d, %d }, {\n' % (kind, *build))
            for i, field in enumerate (FIELDS):
                if values[i] != ABSENT:
                    out.write ('    [WINDOWS_%s] = 0x%x,\n' % (field[0], values[i]))
                else:
                    out.write ('    [WINDOWS_%s] = P2V_WINDOWS_ABSENT,\n' % field[0])
            out.write ('  } },\n')
        out.write ('};\n\nstatic const char *const field_names[WINDOWS_N_FIELDS] = {\n')
        for field in FIELDS:
            out.write ('  [WINDOWS_%s] = "%s.%s",\n' % (field[0], field[1], field[2][0]))
        out.write ('};\n\nstatic const FieldPath field_paths[] = {\n')
        for field in FIELDS:
            for structure, name in paths (field):
                out.write ('  { WINDOWS_%s, "%s", "%s", %s },\n'
                           % (field[0], structure, name, 'TRUE' if field[3:] else 'FALSE'))
        out.write ('};\n')


if __name__ == '__main__':
    main (*sys.argv[1:])
