/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Records of frames, by those of the kernel's image: it is never freed, and nobody maps it. */

#include "config.h"

#include "os/linux/p2v-linux-bare.h"

/* In a record: the count of mappings, -1 for none, and behind it that of users, which is 1 as long
 * as nobody has freed the frame. Source: Linux include/linux/mm_types.h, struct page (5.4 to 7.2,
 * 64 bits). */
#define MAPCOUNT_AT 48
#define REFCOUNT_AT 52
#define N_MAPPED    ((guint32) -1)
#define N_USERS     1

/* As many frames around the banner are asked. */
#define N_ASKED 8

static gboolean
is_record_of_image (P2vVirtualMemory *memory,
                    P2vVirtAddr       va)
{
  guint32 mapcount, refcount;

  return p2v_virtual_memory_read_u32 (memory, va + MAPCOUNT_AT, &mapcount) &&
         p2v_virtual_memory_read_u32 (memory, va + REFCOUNT_AT, &refcount) &&
         mapcount == N_MAPPED && refcount == N_USERS;
}

gboolean
p2v_linux_has_image_records (P2vVirtualMemory *memory,
                             P2vVirtAddr       first_va,
                             guint32           record_bytes)
{
  for (guint i = 0; i < N_ASKED; i++)
    if (!is_record_of_image (memory, first_va + (guint64) i * record_bytes))
      return FALSE;
  return TRUE;
}
