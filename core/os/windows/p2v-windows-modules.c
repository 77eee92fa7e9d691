/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The kernel's image and drivers, by the kernel's list of what it loaded (PsLoadedModuleList). */

#include "config.h"

#include "image/p2v-image-private.h"
#include "os/windows/p2v-windows-private.h"

/* Real machines have some hundreds. */
#define MAX_MODULES 8192

/* The largest driver that is believed in; graphics drivers have some 100 MiB. */
#define MAX_MODULE_BYTES ((guint64) 1 << 30)

/* PsLoadedModuleList among the debugger's data. Source: data/windows/README.md, "debugger
 * data". */
#define DEBUGGER_MODULES 0x48

/* An entry of the list begins with its links. Source: data/windows/README.md, "modules". */
typedef struct
{
  guint base;
  guint size;
  guint name;
} EntryOffsets;

static const EntryOffsets offsets_32 = { 0x18, 0x20, 0x2c };
static const EntryOffsets offsets_64 = { 0x30, 0x40, 0x58 };

static const EntryOffsets *
get_offsets (const P2vWindows *kernel)
{
  return kernel->pointer_bytes == sizeof (guint64) ? &offsets_64 : &offsets_32;
}

/* The first entry of the list is the kernel itself, and leads back to the head. */
static gboolean
is_list_head (const P2vWindows *kernel,
              P2vVirtualMemory *memory,
              P2vVirtAddr       head_va)
{
  P2vVirtAddr entry_va, back, base;

  return p2v_windows_is_kernel_va (kernel, head_va) &&
         p2v_windows_read_pointer (kernel, memory, head_va, &entry_va) &&
         p2v_windows_is_kernel_va (kernel, entry_va) &&
         p2v_windows_read_pointer (kernel, memory, entry_va + get_offsets (kernel)->base, &base) &&
         base == kernel->kernel.va &&
         p2v_windows_read_pointer (kernel, memory, entry_va + kernel->pointer_bytes, &back) &&
         back == head_va;
}

/* In the kernel's image, by what it must be. */
static P2vVirtAddr
search_list (const P2vWindows *kernel,
             P2vVirtualMemory *memory)
{
  guint8 bytes[P2V_FRAME_SIZE];

  for (guint32 at = 0; at < kernel->kernel.size_bytes; at += sizeof bytes)
    {
      P2vVirtAddr va = kernel->kernel.va + at;
      if (!p2v_virtual_memory_read (memory, va, bytes, sizeof bytes))
        continue;
      for (guint i = 0; i < sizeof bytes; i += kernel->pointer_bytes)
        {
          P2vVirtAddr next = p2v_windows_pointer_at (kernel, bytes, sizeof bytes, i);
          /* Entries are in the pool, or of the loader, and never in the image. */
          if (next % kernel->pointer_bytes == 0 && p2v_windows_is_kernel_va (kernel, next) &&
              next - kernel->kernel.va >= kernel->kernel.size_bytes &&
              is_list_head (kernel, memory, va + i))
            return va + i;
        }
    }
  return 0;
}

static P2vVirtAddr
find_list (const P2vWindows *kernel,
           P2vVirtualMemory *memory)
{
  const P2vWindowsHints *hints = &p2v_image_get_hints (kernel->image)->windows;
  P2vVirtAddr candidates[] = { p2v_windows_debugger_word (kernel, DEBUGGER_MODULES),
                               p2v_windows_symbol_va (kernel, "PsLoadedModuleList"),
                               hints->loaded_modules_va };

  if (kernel->kernel.va == 0)
    return 0;
  for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++)
    if (is_list_head (kernel, memory, candidates[i]))
      return candidates[i];
  return search_list (kernel, memory);
}

static void
add_module (const P2vWindows *kernel,
            P2vVirtualMemory *memory,
            P2vVirtAddr       entry_va,
            GPtrArray        *modules)
{
  const EntryOffsets *offsets = get_offsets (kernel);
  P2vVirtAddr base;
  guint32 size;

  if (!p2v_windows_read_pointer (kernel, memory, entry_va + offsets->base, &base) ||
      !p2v_virtual_memory_read_u32 (memory, entry_va + offsets->size, &size) || size == 0 ||
      size > MAX_MODULE_BYTES || !p2v_windows_is_kernel_va (kernel, base) ||
      !p2v_windows_is_kernel_va (kernel, base + (size - 1)) || base % P2V_FRAME_SIZE != 0)
    return;
  P2vWindowsModule *module = g_new0 (P2vWindowsModule, 1);
  module->start_va = base;
  module->length_bytes = (size + P2V_FRAME_SIZE - 1) & ~(P2V_FRAME_SIZE - 1);
  module->is_kernel = base == kernel->kernel.va;
  g_autofree char *name = p2v_windows_dup_string (kernel, memory, entry_va + offsets->name);
  module->label = g_strconcat (module->is_kernel ? "kernel image" : "module",
                               name != NULL ? " " : "", name, NULL);
  g_ptr_array_add (modules, module);
}

static void
free_module (gpointer data)
{
  P2vWindowsModule *module = data;

  g_free (module->label);
  g_free (module);
}

/* The kernel's image is known even if its list is not. */
static void
add_kernel (const P2vWindows *kernel,
            GPtrArray        *modules)
{
  for (guint i = 0; i < modules->len; i++)
    if (((P2vWindowsModule *) g_ptr_array_index (modules, i))->is_kernel)
      return;
  if (kernel->kernel.va == 0)
    return;
  P2vWindowsModule *module = g_new0 (P2vWindowsModule, 1);
  module->start_va = kernel->kernel.va;
  module->length_bytes = (kernel->kernel.size_bytes + P2V_FRAME_SIZE - 1) & ~(P2V_FRAME_SIZE - 1);
  module->label = g_strdup ("kernel image");
  module->is_kernel = TRUE;
  g_ptr_array_add (modules, module);
}

GPtrArray *
p2v_windows_load_modules (const P2vWindows *kernel,
                          P2vVirtualMemory *memory)
{
  GPtrArray *modules = g_ptr_array_new_with_free_func (free_module);
  P2vVirtAddr head_va = find_list (kernel, memory), va = head_va;

  for (guint i = 0; i < MAX_MODULES && head_va != 0; i++)
    {
      if (!p2v_windows_read_pointer (kernel, memory, va, &va) || va == head_va ||
          !p2v_windows_is_kernel_va (kernel, va))
        break;
      add_module (kernel, memory, va, modules);
    }
  add_kernel (kernel, modules);
  return modules;
}
