/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What a frame is, as the kernel itself records it. */

#include "config.h"

#include "os/linux/p2v-linux-private.h"

typedef struct
{
  const P2vLinux *kernel;
} FrameSource;

gpointer
p2v_linux_open_frames (P2vSystem *system)
{
  FrameSource *self = g_new0 (FrameSource, 1);

  self->kernel = p2v_system_get_backend_data (system);
  return self;
}

void
p2v_linux_close_frames (gpointer source)
{
  g_free (source);
}

/* The kernel's image is contiguous in physical memory: _text to _etext is its code, up to _end its
 * data. */
static void
describe_kernel_image (const FrameSource *self,
                       P2vFrame          *frame)
{
  const P2vSymbol *symbols = self->kernel->symbols;
  P2vVirtAddr va = frame->pa + self->kernel->delta;

  if (va < symbols[LINUX_SYMBOL_TEXT].va || va >= symbols[LINUX_SYMBOL_END].va)
    return;
  frame->kind = va < symbols[LINUX_SYMBOL_ETEXT].va ? P2V_FRAME_KIND_KERNEL_CODE
                                                    : P2V_FRAME_KIND_KERNEL_DATA;
  frame->has_va = TRUE;
  frame->va = va;
}

gboolean
p2v_linux_describe_frame (P2vSystem  *system,
                          gpointer    source,
                          P2vFrame   *frame,
                          GString    *detail,
                          GError    **error)
{
  describe_kernel_image (source, frame);
  return TRUE;
}
