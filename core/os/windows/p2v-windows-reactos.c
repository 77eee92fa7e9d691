/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What ReactOS, whose kernel is written anew to be compatible with NT 5.2, does otherwise: an area
 * of a file has no control area. Its descriptor is the published one with more behind it. */

#include "config.h"

#include "os/windows/p2v-windows-private.h"

/* Behind the published descriptor: two numbers, a flag, a mark, the place in the file, the segment;
 * in a segment the file stands second. Source: data/windows/README.md, "ReactOS". */
#define AREA_MARK        0x0c
#define AREA_FILE_OFFSET 0x10
#define AREA_SEGMENT     0x18
#define SEGMENT_FILE     0x08
#define MARK             ((guint32) 0x6572414d) /* Source: ibidem, "MAre" */

char *
p2v_windows_dup_memory_area_name (const P2vWindows    *kernel,
                                  P2vVirtualMemory    *memory,
                                  const P2vWindowsVad *vad,
                                  guint64             *ret_offset_bytes)
{
  P2vVirtAddr more_va, segment_va, file_va;
  guint32 mark;

  if (!p2v_windows_has (kernel, WINDOWS_VAD_LAST_PROTOTYPE))
    return NULL;
  /* The last published field is a number as wide as a pointer with what follows it. */
  more_va = p2v_windows_field_va (kernel, vad->va, WINDOWS_VAD_LAST_PROTOTYPE) +
            2 * kernel->pointer_bytes;
  if (!p2v_virtual_memory_read_u32 (memory, more_va + AREA_MARK, &mark) || mark != MARK ||
      !p2v_virtual_memory_read_u64 (memory, more_va + AREA_FILE_OFFSET, ret_offset_bytes) ||
      !p2v_windows_read_pointer (kernel, memory, more_va + AREA_SEGMENT, &segment_va) ||
      !p2v_windows_is_kernel_va (kernel, segment_va) ||
      !p2v_windows_read_pointer (kernel, memory, segment_va + SEGMENT_FILE, &file_va) ||
      !p2v_windows_is_kernel_va (kernel, file_va))
    return NULL;
  return p2v_windows_dup_string (kernel, memory,
                                 p2v_windows_field_va (kernel, file_va, WINDOWS_FILE_NAME));
}
