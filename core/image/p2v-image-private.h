/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The family of container formats, and what a format tells the rooms to its right.
 *
 * To add a format: write image/p2v-format-NAME.c with one P2vImageFormat, add it to the table in
 * image/p2v-image.c and the file to core/meson.build; add a writer to
 * tests/support/p2v-image-writers.c (tests/fuzz/make-image-seeds.c makes a seed of each), its name
 * to the seeds of "image" in tests/fuzz/meson.build, a test under tests/formats, and a row to the
 * matrix in README.md. */

#pragma once

#include "p2v-image.h"
#include "base/p2v-file.h"
#include "image/p2v-page-pack.h"

/* What the header of a Windows crash dump says. Addresses are as they stand there: those of a
 * 32-bit machine are not sign-extended; 0 or nonsense where the writer did not know. */
typedef struct
{
  gboolean    known;
  gboolean    is_pae;              /* 32 bit only */
  guint32     machine;             /* IMAGE_FILE_MACHINE_*: 0x14c, 0x8664, 0xaa64 */
  guint32     build;
  P2vVirtAddr pfn_database_va;     /* MmPfnDatabase */
  P2vVirtAddr loaded_modules_va;   /* PsLoadedModuleList */
  P2vVirtAddr active_processes_va; /* PsActiveProcessHead */
  P2vVirtAddr debugger_data_va;    /* KdDebuggerDataBlock */
} P2vWindowsHints;

/* What a header or a note says about the machine. Each may be missing; each is only a hint. */
typedef struct
{
  GArray         *page_table_roots; /* P2vPhysAddr: CR3 of each processor, low bits not cleared */
  GBytes         *vmcoreinfo;       /* text of a VMCOREINFO note, or NULL */
  P2vWindowsHints windows;
} P2vImageHints;

/* What a format fills in while it opens a file. */
typedef struct
{
  P2vFile       *file;         /* (transfer none) */
  /* P2vImageRange in file order: they may be unsorted, overlap and exceed the file. */
  GArray        *ranges;
  P2vImageHints  hints;
  P2vPhysAddr    base_pa;      /* of the first byte of a flat image; only such may have one */
  GPtrArray     *diagnostics;  /* char *: findings that do not prevent opening */
  /* (transfer full) (nullable): where the memory is unpacked from. If it is set, the offsets of the
   * ranges are positions in it, not in the file. */
  P2vPagePack   *pack;
} P2vImageBuilder;

/* How many bytes of the file's start a format may look at when it bids. */
#define P2V_IMAGE_HEAD_BYTES 4096

/* What a format may look at when it bids. */
typedef struct
{
  const guint8 *bytes;         /* the file's first */
  gsize         n_bytes;       /* at most P2V_IMAGE_HEAD_BYTES */
  const char   *path;          /* for formats that keep their header in a file beside it */
} P2vImageHead;

/* A container format. Constant; exported by its file as the only symbol. */
typedef struct
{
  const char *id;              /* for tests and messages: "elf" */
  const char *name;            /* for people, marked with N_() */

  /* How many bits of @head speak for this format, 0 for none. The highest bid opens; there is no
   * second try, so that damage is reported by the format it concerns. */
  guint    (*bid)  (const P2vImageHead *head);
  /* Reads the headers and appends the ranges. */
  gboolean (*open) (P2vImageBuilder    *builder,
                    GCancellable       *cancellable,
                    GError            **error);
} P2vImageFormat;

extern const P2vImageFormat p2v_format_raw;
extern const P2vImageFormat p2v_format_elf;
extern const P2vImageFormat p2v_format_kdump;
extern const P2vImageFormat p2v_format_lime;
extern const P2vImageFormat p2v_format_crash_dump;
extern const P2vImageFormat p2v_format_vmem;
extern const P2vImageFormat p2v_format_vmware_state;

/* Whether nothing in the file says where in memory its bytes belong. */
gboolean             p2v_image_is_flat         (P2vImage    *self);
const P2vImageHints *p2v_image_get_hints       (P2vImage    *self);
/* (transfer none) (element-type utf8): of opening it. */
GPtrArray           *p2v_image_get_diagnostics (P2vImage    *self);
/* (transfer full) (nullable): a sentence on pages that could not be unpacked so far. */
char                *p2v_image_dup_damage      (P2vImage    *self);
/* (transfer none) (nullable): what tells the file from another; NULL for a disk. */
const P2vFileIdentity *p2v_image_get_identity  (P2vImage    *self);
/* (transfer none): the path for messages: escaped, valid UTF-8. */
const char          *p2v_image_get_display_name (P2vImage   *self);
/* How many of @length_bytes at @pa are zeros that the file does not store; 0 where that cannot be
 * told. */
guint64              p2v_image_measure_hole    (P2vImage    *self,
                                                P2vPhysAddr  pa,
                                                guint64      length_bytes);
/* Will be read soon; holes are passed over. */
void                 p2v_image_prefetch        (P2vImage    *self,
                                                P2vPhysAddr  pa,
                                                guint64      length_bytes);
