/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes compressed kdumps as a test wants them. Made from makedumpfile's IMPLEMENTATION and the
 * descriptions of the packings, independent of the reader. */

#pragma once

#include "p2v-image-writers.h"

/* Ways of packing, as flags of a page's descriptor say them. */
enum
{
  P2V_TEST_PACKED_ZLIB = 0x01,
  P2V_TEST_PACKED_LZO = 0x02,
  P2V_TEST_PACKED_SNAPPY = 0x04,
  P2V_TEST_PACKED_ZSTD = 0x20, /* pages of one value only; others are stored */
};

typedef struct
{
  gboolean is_32;
  guint    version;            /* of the header, 1 to 6 */
  guint    packings;           /* are taken in turns; a page that does not shrink is stored */
  guint    level;
  gboolean has_one_bitmap;
  gboolean is_split;           /* has pages from @first_pfn to before @end_pfn only */
  guint64  first_pfn;
  guint64  end_pfn;
} P2vTestKdump;

/* (transfer full): a kdump; runs of @machine are whole pages, of zeros where they are not. */
GByteArray *p2v_test_write_kdump   (const P2vTestKdump   *form,
                                    const P2vTestMachine *machine);
/* Where the descriptor of dumped page @index stands in it. */
gsize       p2v_test_kdump_find    (const P2vTestKdump   *form,
                                    const P2vTestMachine *machine,
                                    guint                 index);
/* (transfer full): the same, flattened: records of at most @record_bytes, the last ones first if
 * @backwards. */
GByteArray *p2v_test_flatten_kdump (GByteArray           *kdump,
                                    gsize                 record_bytes,
                                    gboolean              backwards);
/* One record; 8-byte numbers, big-endian. */
void        p2v_test_append_record (GByteArray           *bytes,
                                    guint64               offset,
                                    guint64               n_bytes);
/* Packs @length_bytes in one of the ways above: (transfer full) (nullable): NULL if they do not
 * repeat themselves in a way that this knows how to pack. */
GByteArray *p2v_test_pack          (guint                 packing,
                                    const guint8         *bytes,
                                    gsize                 length_bytes);
