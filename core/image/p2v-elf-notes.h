/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The notes of an ELF core, of which three kinds are hints for us: QEMU's and VirtualBox's
 * processor states, which have the page-table root, and a kernel's VMCOREINFO. Damage in them is
 * counted and never keeps the memory from being read. Private to image/. */

#pragma once

#include "image/p2v-image-private.h"

/* Begin with { .builder, .machine }. */
typedef struct
{
  P2vImageBuilder *builder; /* (transfer none): its hints are filled in */
  guint16          machine; /* e_machine */
  guint64          n_bytes; /* of all notes so far */
  guint64          n_damaged;
  guint64          first_damaged_offset;
} P2vElfNotes;

/* Reads the notes of one PT_NOTE. FALSE only if the file cannot be read at all there. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_elf_notes_read     (P2vElfNotes       *self,
                                 guint64            segment_offset,
                                 guint64            length_bytes,
                                 guint64            segment_alignment,
                                 GError           **error);
/* The same of bytes that were read already, at most P2V_LIMIT_NOTES_BYTES; @segment_offset is for
 * messages. */
void     p2v_elf_notes_take     (P2vElfNotes       *self,
                                 const guint8      *bytes,
                                 gsize              length_bytes,
                                 guint64            segment_alignment,
                                 guint64            segment_offset);
/* Tells of damaged notes, if there were any. */
void     p2v_elf_notes_diagnose (const P2vElfNotes *self);
