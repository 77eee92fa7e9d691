/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Who has a frame in the kernel's half of the address space, and what the machine keeps there. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "os/linux/p2v-linux-frame-source.h"

static void
describe_owned (P2vLinuxFrameSource      *self,
                const P2vLinuxFrameOwner *owner,
                P2vFrame                 *frame,
                GString                  *detail)
{
  const P2vLinuxFrameOwners *owners = self->shared->owners;
  const char *name = g_ptr_array_index (owners->names, owner->name);

  frame->kind = owner->kind;
  frame->process = g_array_index (owners->processes, P2vProcess *, owner->name);
  frame->has_va = TRUE;
  frame->va = owner->va;
  if (*name == '\0')
    return;
  frame->name = name;
  frame->has_offset = TRUE;
  frame->offset_bytes = owner->offset_bytes;
  if (owner->kind == P2V_FRAME_KIND_KERNEL_STACK)
    /* Translators: a thread's name and id. */
    g_string_printf (detail, _("a part of the kernel stack of %s"), name);
  else if (owner->kind == P2V_FRAME_KIND_MODULE)
    /* Translators: a kernel module, an offset in it. */
    g_string_printf (detail, _("a part of the kernel module %s at byte 0x%" PRIx64), name,
                     owner->offset_bytes);
  else if (owner->kind == P2V_FRAME_KIND_VMALLOC)
    /* Translators: a function of the kernel. */
    g_string_printf (detail, _("kernel memory (vmalloc) that %s asked for"), name);
  else if (owner->kind == P2V_FRAME_KIND_PER_CPU)
    g_string_printf (detail, _("the kernel's own data for processor %s"), name);
  else if (owner->kind == P2V_FRAME_KIND_PAGE_TABLE)
    /* Translators: a process: its name and id. */
    g_string_printf (detail, _("the rear frame of the page-table root of %s, for user mode"),
                     name);
}

/* Frames that are not handed out: the kernel's image, and what the machine keeps for itself. */
static void
describe_resource (P2vLinuxFrameSource *self,
                   P2vFrame            *frame,
                   GString             *detail)
{
  const P2vLinuxResource *resource = p2v_linux_find_resource (
    p2v_linux_frames_get_resources (self->kernel, self->memory), frame->pa);

  if (!(frame->flags & P2V_FRAME_FLAGS_NOPAGE))
    frame->kind = P2V_FRAME_KIND_RESERVED;
  else if (frame->in_image)
    frame->kind = P2V_FRAME_KIND_NOT_RAM;
  if (resource == NULL)
    return;
  frame->name = resource->name;
  frame->has_offset = frame->pa >= resource->start_pa;
  frame->offset_bytes = frame->pa - resource->start_pa;
  frame->kind = p2v_linux_resource_get_kind (resource);
  if (frame->kind != P2V_FRAME_KIND_RESERVED)
    /* Translators: what it is, and its name in the system's list of addresses: "memory of the
     * firmware (ACPI Tables)". */
    g_string_printf (detail, _("%s (%s)"), p2v_frame_kind_get_title (frame->kind), resource->name);
}

/* The kernel's image is contiguous in physical memory: _text to _etext is its code, up to _end its
 * data. */
gboolean
p2v_linux_describe_image (P2vLinuxFrameSource *self,
                          P2vFrame            *frame)
{
  const P2vSymbol *symbols = self->kernel->symbols;
  P2vVirtAddr va = frame->pa + self->kernel->delta;

  if (va < symbols[LINUX_SYMBOL_TEXT].va || va >= symbols[LINUX_SYMBOL_END].va)
    return FALSE;
  frame->kind = va < symbols[LINUX_SYMBOL_ETEXT].va ? P2V_FRAME_KIND_KERNEL_CODE
                                                    : P2V_FRAME_KIND_KERNEL_DATA;
  frame->has_va = TRUE;
  frame->va = va;
  return TRUE;
}

/* The same where no symbol tells the end of the image: the list of resources has its parts. */
static gboolean
describe_image_part (P2vLinuxFrameSource *self,
                     P2vFrame            *frame)
{
  const P2vLinuxResource *resource = p2v_linux_find_resource (
    p2v_linux_frames_get_resources (self->kernel, self->memory), frame->pa);
  P2vVirtAddr etext_va = self->kernel->symbols[LINUX_SYMBOL_ETEXT].va;
  P2vVirtAddr va = frame->pa + self->kernel->delta;

  if (self->kernel->symbols[LINUX_SYMBOL_END].va != 0 || resource == NULL ||
      !g_str_has_prefix (resource->name, "Kernel "))
    return FALSE;
  /* On arm64 the part of the code has what is only read, too. */
  gboolean is_code =
    g_str_equal (resource->name, "Kernel code") && (etext_va == 0 || va < etext_va);
  frame->kind = is_code ? P2V_FRAME_KIND_KERNEL_CODE : P2V_FRAME_KIND_KERNEL_DATA;
  frame->has_va = TRUE;
  frame->va = va;
  return TRUE;
}

/* Of two kinds of owners not all is theirs: the rear part of the processors' first units was given
 * back, and behind a page-table root comes its copy only if that is no frame of its own. */
static gboolean
is_still_owned (P2vLinuxFrameSource      *self,
                const P2vLinuxFrameOwner *owner,
                gboolean                  is_reserved,
                const P2vFrame           *frame)
{
  const char *name = g_ptr_array_index (self->shared->owners->names, owner->name);

  if (owner->kind == P2V_FRAME_KIND_PER_CPU && *name != '\0')
    return is_reserved;
  if (owner->kind == P2V_FRAME_KIND_PAGE_TABLE)
    return frame->n_references == 0;
  return TRUE;
}

gboolean
p2v_linux_describe_place (P2vLinuxFrameSource  *self,
                          gboolean              is_reserved,
                          P2vFrame             *frame,
                          GString              *detail,
                          GError              **error)
{
  if (is_reserved && p2v_linux_describe_image (self, frame))
    return TRUE;
  if (!p2v_linux_frame_source_load (self, error))
    return FALSE;
  if (is_reserved && describe_image_part (self, frame))
    return TRUE;
  guint n_owners;
  const P2vLinuxFrameOwner *owners = p2v_linux_frame_owners_find (
    self->shared->owners, frame->pa >> P2V_FRAME_SHIFT, &n_owners);
  for (guint i = 0; i < n_owners; i++)
    if (is_still_owned (self, &owners[i], is_reserved, frame))
      {
        describe_owned (self, &owners[i], frame, detail);
        return TRUE;
      }
  if (is_reserved)
    describe_resource (self, frame, detail);
  else
    frame->kind = P2V_FRAME_KIND_KERNEL_OTHER;
  return TRUE;
}
