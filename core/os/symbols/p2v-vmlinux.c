/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "p2v-types.h"

#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "os/symbols/p2v-banner.h"
#include "os/symbols/p2v-btf.h"
#include "os/symbols/p2v-vmlinux.h"

#define HEADER_BYTES 64
#define MAX_SECTIONS 4096      /* a kernel for debugging has some hundreds */
#define MAX_TEXT     ((guint64) 64 << 20)

/* Source for all numbers of this file: System V ABI, chapter 4. */
#define SHT_SYMTAB     2
#define SHT_NOBITS     8
#define SHF_COMPRESSED ((guint64) 1 << 11)
#define SHN_UNDEF      0
#define STT_SECTION    3
#define STT_FILE       4

/* Where the fields of one class stand; those of an address's size are @word_bytes wide. */
typedef struct
{
  guint elf_class;
  guint word_bytes;
  guint header_shoff, header_shentsize, header_shnum, header_shstrndx;
  guint section_bytes, section_flags, section_addr, section_offset, section_size, section_link;
  guint symbol_bytes, symbol_value, symbol_info, symbol_shndx;
} Class;

static const Class classes[] = {
  { 1, 4, 32, 46, 48, 50, 40, 8, 12, 16, 20, 24, 16, 4, 12, 14 },
  { 2, 8, 40, 58, 60, 62, 64, 8, 16, 24, 32, 40, 24, 8, 4, 6 },
};

typedef struct
{
  const char *name;            /* among the section names */
  guint32     type;
  guint32     link;
  guint64     flags;
  guint64     va;
  guint64     offset;
  guint64     size;
} Section;

typedef struct
{
  P2vFile     *file;
  const Class *class;
  GArray      *sections;       /* Section */
  guint8      *names;          /* of the sections */
} Elf;

static void
clear_elf (Elf *self)
{
  g_clear_pointer (&self->sections, g_array_unref);
  g_free (self->names);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Elf, clear_elf)

static gboolean
get_word (const Elf       *self,
          const P2vReader *reader,
          guint64          offset,
          guint64         *ret_value)
{
  guint32 narrow = 0;

  if (self->class->word_bytes == sizeof *ret_value)
    return p2v_reader_get_u64 (reader, offset, ret_value);
  gboolean ok = p2v_reader_get_u32 (reader, offset, &narrow);
  *ret_value = narrow;
  return ok;
}

/* (transfer full): @length bytes of the file. */
static guint8 *
read_bytes (P2vFile     *file,
            guint64      offset,
            guint64      length,
            guint64      max_length,
            const char  *what,
            GError     **error)
{
  if (length > max_length || !p2v_span_fits (offset, length, p2v_file_get_size (file)))
    {
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
                   _("Its %s, 0x%" PRIx64 " bytes at file offset 0x%" PRIx64
                     ", do not lie within the file's 0x%" PRIx64 " bytes, or are too many"),
                   what, length, offset, p2v_file_get_size (file));
      return NULL;
    }
  g_autofree guint8 *bytes = g_malloc (length + 1);
  bytes[length] = '\0';
  return p2v_file_read (file, offset, bytes, length, error) ? g_steal_pointer (&bytes) : NULL;
}

static gboolean
read_section (const Elf       *self,
              const P2vReader *reader,
              guint64          at,
              Section         *ret_section)
{
  const Class *class = self->class;
  guint32 name_offset;

  if (!p2v_reader_get_u32 (reader, at, &name_offset) ||
      !p2v_reader_get_u32 (reader, at + 4, &ret_section->type) ||
      !get_word (self, reader, at + class->section_flags, &ret_section->flags) ||
      !get_word (self, reader, at + class->section_addr, &ret_section->va) ||
      !get_word (self, reader, at + class->section_offset, &ret_section->offset) ||
      !get_word (self, reader, at + class->section_size, &ret_section->size) ||
      !p2v_reader_get_u32 (reader, at + class->section_link, &ret_section->link))
    return FALSE;
  /* Resolved to the name once the names are read. */
  ret_section->name = GUINT_TO_POINTER (name_offset);
  return TRUE;
}

/* The names of all sections, which are themselves one. */
static gboolean
read_section_names (Elf      *self,
                    guint     number,
                    GError  **error)
{
  if (number >= self->sections->len)
    {
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
                   _("Its e_shstrndx is %u, but it has %u sections"), number, self->sections->len);
      return FALSE;
    }
  const Section *names = &g_array_index (self->sections, Section, number);
  self->names = read_bytes (self->file, names->offset, names->size, MAX_TEXT, ".shstrtab", error);
  if (self->names == NULL)
    return FALSE;
  guint64 length = names->size;
  for (guint i = 0; i < self->sections->len; i++)
    {
      Section *section = &g_array_index (self->sections, Section, i);
      guint offset = GPOINTER_TO_UINT (section->name);
      section->name = offset < length ? (const char *) self->names + offset : "";
    }
  return TRUE;
}

static const Class *
find_class (const guint8 *header)
{
  const guint8 magic[] = { 0x7f, 'E', 'L', 'F' };

  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (memcmp (header, magic, sizeof magic) == 0 && header[4] == classes[i].elf_class &&
        header[5] == 1)
      return &classes[i];
  return NULL;
}

static gboolean
open_elf (P2vFile  *file,
          Elf      *self,
          GError  **error)
{
  guint8 header[HEADER_BYTES];
  P2vReader reader = p2v_reader_le (header, sizeof header);
  guint16 entry_bytes, n_sections, names_number;
  guint64 table_offset;

  self->file = file;
  if (!p2v_file_read (file, 0, header, sizeof header, error))
    return FALSE;
  self->class = find_class (header);
  if (self->class == NULL)
    {
      g_set_error_literal (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
                           _("It is no little-endian ELF file of 32 or 64 bits"));
      return FALSE;
    }
  if (!get_word (self, &reader, self->class->header_shoff, &table_offset) ||
      !p2v_reader_get_u16 (&reader, self->class->header_shentsize, &entry_bytes) ||
      !p2v_reader_get_u16 (&reader, self->class->header_shnum, &n_sections) ||
      !p2v_reader_get_u16 (&reader, self->class->header_shstrndx, &names_number))
    g_assert_not_reached ();
  if (n_sections == 0 || n_sections > MAX_SECTIONS || entry_bytes != self->class->section_bytes)
    {
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
                   _("It has %u sections of %u bytes; between 1 and %u of %u bytes were expected"),
                   n_sections, entry_bytes, MAX_SECTIONS, self->class->section_bytes);
      return FALSE;
    }
  guint64 table_bytes = (guint64) n_sections * entry_bytes;
  g_autofree guint8 *table =
    read_bytes (file, table_offset, table_bytes, MAX_TEXT, "section headers", error);
  if (table == NULL)
    return FALSE;
  P2vReader table_reader = p2v_reader_le (table, table_bytes);
  self->sections = g_array_sized_new (FALSE, FALSE, sizeof (Section), n_sections);
  for (guint i = 0; i < n_sections; i++)
    {
      Section section;
      if (!read_section (self, &table_reader, (guint64) i * entry_bytes, &section))
        g_assert_not_reached ();
      g_array_append_val (self->sections, section);
    }
  return read_section_names (self, names_number, error);
}

/* NULL if there is none of that name whose bytes can be read. */
static const Section *
find_section (const Elf  *self,
              const char *name)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      const Section *section = &g_array_index (self->sections, Section, i);
      if (g_str_equal (section->name, name) && section->type != SHT_NOBITS &&
          !(section->flags & SHF_COMPRESSED))
        return section;
    }
  return NULL;
}

static const Section *
find_symbol_section (const Elf *self)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      const Section *section = &g_array_index (self->sections, Section, i);
      if (section->type == SHT_SYMTAB && section->link < self->sections->len)
        return section;
    }
  return NULL;
}

/* Marks of the assembler stand between the symbols: ".L..." and, on Arm, "$x" and "$d". */
static gboolean
is_symbol (guint8      info,
           guint16     section,
           const char *name)
{
  guint type = info & 0xf;

  return type != STT_SECTION && type != STT_FILE && section != SHN_UNDEF && *name != '\0' &&
         *name != '$' && !g_str_has_prefix (name, ".L");
}

static gboolean
add_symbols (const Elf       *self,
             const P2vReader *symbols,
             const char      *names,
             guint64          names_length,
             P2vSymbolTable  *table,
             GError         **error)
{
  const Class *class = self->class;

  for (guint64 at = 0; at + class->symbol_bytes <= symbols->length; at += class->symbol_bytes)
    {
      guint32 name_offset;
      guint16 section;
      guint64 va;
      if (!p2v_reader_get_u32 (symbols, at, &name_offset) ||
          !get_word (self, symbols, at + class->symbol_value, &va) ||
          !p2v_reader_get_u16 (symbols, at + class->symbol_shndx, &section))
        g_assert_not_reached ();
      const char *name = name_offset < names_length ? names + name_offset : "";
      if (is_symbol (symbols->bytes[at + class->symbol_info], section, name) &&
          !p2v_symbol_table_add (table, name, strlen (name), va))
        {
          g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
                       _("It has more than %u symbols or %u bytes of their names"),
                       P2V_LIMIT_SYMBOLS, P2V_LIMIT_SYMBOL_NAME_BYTES);
          return FALSE;
        }
    }
  return TRUE;
}

/* *@ret_table stays NULL if there are none. */
static gboolean
read_symbols (const Elf       *self,
              P2vSymbolTable **ret_table,
              GError         **error)
{
  const Section *section = find_symbol_section (self);
  const guint64 max_bytes = (guint64) P2V_LIMIT_SYMBOLS * self->class->symbol_bytes;

  if (section == NULL)
    return TRUE;
  const Section *strings = &g_array_index (self->sections, Section, section->link);
  g_autofree guint8 *bytes =
    read_bytes (self->file, section->offset, section->size, max_bytes, ".symtab", error);
  if (bytes == NULL)
    return FALSE;
  g_autofree guint8 *names = read_bytes (self->file, strings->offset, strings->size,
                                         P2V_LIMIT_SYMBOL_NAME_BYTES, ".strtab", error);
  if (names == NULL)
    return FALSE;
  P2vReader symbols = p2v_reader_le (bytes, section->size);
  g_autoptr (P2vSymbolTable) table = p2v_symbol_table_new ();
  if (!add_symbols (self, &symbols, (const char *) names, strings->size, table, error))
    return FALSE;
  p2v_symbol_table_seal (table);
  if (p2v_symbol_table_get_n_symbols (table) > 0)
    *ret_table = g_steal_pointer (&table);
  return TRUE;
}

static gboolean
read_types (const Elf      *self,
            P2vTypeSource **ret_types,
            GError        **error)
{
  const Section *section = find_section (self, ".BTF");

  if (section == NULL)
    return TRUE;
  guint8 *bytes =
    read_bytes (self->file, section->offset, section->size, P2V_LIMIT_BTF_BYTES, ".BTF", error);
  if (bytes == NULL)
    return FALSE;
  g_autoptr (GBytes) blob = g_bytes_new_take (bytes, section->size);
  *ret_types = p2v_btf_parse (blob, error);
  return *ret_types != NULL;
}

static gboolean
read_banner (const Elf  *self,
             char      **ret_banner,
             GError    **error)
{
  const Section *section = find_section (self, ".rodata");

  if (section == NULL)
    return TRUE;
  g_autofree guint8 *bytes =
    read_bytes (self->file, section->offset, section->size, MAX_TEXT, ".rodata", error);
  if (bytes == NULL)
    return FALSE;
  const char *at = (const char *) bytes;
  *ret_banner = p2v_banner_find_next (&at, at + section->size, P2V_BANNER_START);
  return TRUE;
}

static gboolean
check_complete (const Elf         *self,
                const P2vVmlinux  *vmlinux,
                GError           **error)
{
  if (vmlinux->types != NULL)
    return TRUE;
  gboolean has_dwarf = find_section (self, ".debug_info") != NULL;
  g_set_error_literal (
    error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING,
    has_dwarf ? _("It has type information as DWARF, which is not read, and no section .BTF: add "
                  "one with “pahole -J”, or make a Volatility ISF of it with dwarf2json")
              : _("It has no type information (section .BTF): take the one that was made with "
                  "CONFIG_DEBUG_INFO_BTF, or the one with debugging information"));
  return FALSE;
}

gboolean
p2v_vmlinux_is_elf (P2vFile *file)
{
  guint8 header[HEADER_BYTES];

  return p2v_file_get_size (file) >= sizeof header &&
         p2v_file_read (file, 0, header, sizeof header, NULL) && memcmp (header, "\177ELF", 4) == 0;
}

gboolean
p2v_vmlinux_read (P2vFile     *file,
                  P2vVmlinux  *ret_vmlinux,
                  GError     **error)
{
  g_auto (Elf) elf = { 0 };

  *ret_vmlinux = (P2vVmlinux) { 0 };
  return open_elf (file, &elf, error) && read_types (&elf, &ret_vmlinux->types, error) &&
         read_symbols (&elf, &ret_vmlinux->symbols, error) &&
         read_banner (&elf, &ret_vmlinux->banner, error) &&
         check_complete (&elf, ret_vmlinux, error);
}

char *
p2v_vmlinux_read_banner (P2vFile  *file,
                         GError  **error)
{
  g_auto (Elf) elf = { 0 };
  char *banner = NULL;

  return open_elf (file, &elf, error) && read_banner (&elf, &banner, error) ? banner : NULL;
}

void
p2v_vmlinux_clear (P2vVmlinux *self)
{
  g_clear_pointer (&self->types, p2v_type_source_free);
  g_clear_pointer (&self->symbols, p2v_symbol_table_free);
  g_clear_pointer (&self->banner, g_free);
}
