/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "p2v-types.h"

#include "base/p2v-limits.h"
#include "os/symbols/p2v-isf-types.h"
#include "os/symbols/p2v-isf.h"

/* Pointers to arrays of pointers to ... */
#define MAX_TYPE_DEPTH 32

/* Types, members and enumerators together; Debian's 6.1 has 200,000. */
#define MAX_DEFINITIONS ((guint) 16 << 20)

/* Members without a name are given this one and a number. Source: dwarf2json main.go. */
#define UNNAMED_FIELD "unnamed_field_"

typedef struct
{
  P2vJson        *json;
  P2vIsfTypes    *types;       /* NULL: only the banner is wanted */
  P2vSymbolTable *symbols;
  char           *banner;
  guint           n_left;      /* of MAX_DEFINITIONS */
  GError        **error;
} Reader;

/* What becomes of a value whose key was read: consumes exactly that. */
typedef gboolean (*MemberFunc) (Reader     *self,
                                const char *key,
                                gpointer    data);

static gboolean
fail (Reader     *self,
      const char *expected)
{
  /* The reader of JSON has said what is wrong with the text. */
  if (self->error == NULL || *self->error == NULL)
    g_set_error (self->error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
                 _("It is no Volatility ISF: at offset 0x%" PRIx64 " %s was expected"),
                 p2v_json_get_offset (self->json), expected);
  return FALSE;
}

static gboolean
skip_value (Reader *self)
{
  P2vJsonToken token = p2v_json_next (self->json, self->error);

  return token != P2V_JSON_ERROR && p2v_json_skip (self->json, token, self->error);
}

/* Gives each member of the object that comes next to @handle. Nested by the caller's nesting, not
 * by the text's. */
static gboolean
read_object (Reader     *self,
             MemberFunc  handle,
             gpointer    data)
{
  P2vJsonToken token;

  if (p2v_json_next (self->json, self->error) != P2V_JSON_OBJECT)
    return fail (self, _("an object"));
  while ((token = p2v_json_next (self->json, self->error)) == P2V_JSON_KEY)
    {
      g_autofree char *key = g_strdup (p2v_json_get_text (self->json));
      if (!handle (self, key, data))
        return FALSE;
    }
  return token == P2V_JSON_OBJECT_END;
}

static gboolean
read_number (Reader  *self,
             guint64  max,
             guint64 *ret_number)
{
  return (p2v_json_next (self->json, self->error) == P2V_JSON_NUMBER &&
          p2v_json_get_number (self->json, max, ret_number)) ||
         fail (self, _("a whole number, not negative and not too large"));
}

static gboolean
read_size (Reader  *self,
           guint32 *ret_size)
{
  guint64 number;

  if (!read_number (self, G_MAXUINT32, &number))
    return FALSE;
  *ret_size = (guint32) number;
  return TRUE;
}

static gboolean
count_definition (Reader *self)
{
  if (self->n_left-- > 0)
    return TRUE;
  self->n_left = 0;
  g_set_error (self->error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
               _("It has more than %u definitions, no kernel's symbols"), MAX_DEFINITIONS);
  return FALSE;
}

/* A type that is being read. */
typedef struct
{
  P2vIsfType type;
  gboolean   is_named;
  char      *name;
} Draft;

static void
set_kind (Draft      *draft,
          const char *name)
{
  static const struct
  {
    const char *name;
    P2vIsfKind  kind;
    gboolean    is_named;
  } kinds[] = {
    { "base", P2V_ISF_BASE, TRUE },         { "struct", P2V_ISF_COMPOSITE, TRUE },
    { "union", P2V_ISF_COMPOSITE, TRUE },   { "class", P2V_ISF_COMPOSITE, TRUE },
    { "enum", P2V_ISF_ENUM, TRUE },         { "pointer", P2V_ISF_POINTER, FALSE },
    { "array", P2V_ISF_ARRAY, FALSE },      { "bitfield", P2V_ISF_BITFIELD, FALSE },
    { "function", P2V_ISF_UNKNOWN, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i].name, name))
      {
        draft->type.kind = kinds[i].kind;
        draft->is_named = kinds[i].is_named;
      }
}

/* One member of a type's description that is no type itself. */
static gboolean
read_type_member (Reader     *self,
                  const char *key,
                  Draft      *draft)
{
  P2vJsonToken token = p2v_json_next (self->json, self->error);
  const char *text = p2v_json_get_text (self->json);
  guint64 number = 0;
  gboolean is_number =
    token == P2V_JSON_NUMBER && p2v_json_get_number (self->json, G_MAXUINT32, &number);

  if (token == P2V_JSON_STRING && g_str_equal (key, "kind"))
    set_kind (draft, text);
  else if (token == P2V_JSON_STRING && g_str_equal (key, "name"))
    {
      g_free (draft->name);
      draft->name = g_strdup (text);
    }
  else if (is_number && g_str_equal (key, "count"))
    draft->type.count = (guint32) number;
  else if (is_number && g_str_equal (key, "bit_position"))
    draft->type.bit_position = (guint) MIN (number, 4096);
  else if (is_number && g_str_equal (key, "bit_length"))
    draft->type.bit_length = (guint) MIN (number, 4096);
  return p2v_json_skip (self->json, token, self->error);
}

/* What belongs to another kind is forgotten: only bit-fields have bits. */
static guint32
finish_draft (Reader      *self,
              const Draft *draft)
{
  P2vIsfType type = { .kind = draft->type.kind };

  /* One type stands for all pointers: nobody asks what they point to. */
  if (draft->is_named || type.kind == P2V_ISF_POINTER || type.kind == P2V_ISF_UNKNOWN)
    return p2v_isf_types_refer (self->types, type.kind,
                                draft->is_named && draft->name != NULL ? draft->name : "");
  if (type.kind == P2V_ISF_ARRAY || type.kind == P2V_ISF_BITFIELD)
    type.target = draft->type.target;
  if (type.kind == P2V_ISF_ARRAY)
    type.count = draft->type.count;
  if (type.kind == P2V_ISF_BITFIELD)
    {
      type.bit_position = draft->type.bit_position;
      type.bit_length = draft->type.bit_length;
    }
  return p2v_isf_types_add (self->types, &type);
}

static void
clear_draft (gpointer draft)
{
  g_free (((Draft *) draft)->name);
}

/* Opens a type within the innermost of @drafts. */
static gboolean
push_draft (Reader *self,
            GArray *drafts)
{
  const Draft draft = { 0 };

  if (p2v_json_next (self->json, self->error) != P2V_JSON_OBJECT)
    return fail (self, _("the description of a type"));
  if (drafts->len >= MAX_TYPE_DEPTH)
    return fail (self, _("a type that is nested less deeply"));
  g_array_append_val (drafts, draft);
  return count_definition (self);
}

/* A type's description, of any depth: what is begun waits in a list. */
static gboolean
read_type (Reader  *self,
           guint32 *ret_type)
{
  g_autoptr (GArray) drafts = g_array_new (FALSE, FALSE, sizeof (Draft));

  g_array_set_clear_func (drafts, clear_draft);
  if (!push_draft (self, drafts))
    return FALSE;
  while (drafts->len > 0)
    {
      Draft *draft = &g_array_index (drafts, Draft, drafts->len - 1);
      P2vJsonToken token = p2v_json_next (self->json, self->error);
      const char *key = p2v_json_get_text (self->json);

      if (token == P2V_JSON_OBJECT_END)
        {
          *ret_type = finish_draft (self, draft);
          g_array_set_size (drafts, drafts->len - 1);
          if (drafts->len > 0)
            g_array_index (drafts, Draft, drafts->len - 1).type.target = *ret_type;
        }
      else if (token != P2V_JSON_KEY)
        return FALSE;
      else if (g_str_equal (key, "subtype") || g_str_equal (key, "type"))
        {
          if (!push_draft (self, drafts))
            return FALSE;
        }
      else
        {
          g_autofree char *name = g_strdup (key);
          if (!read_type_member (self, name, draft))
            return FALSE;
        }
    }
  return TRUE;
}

typedef struct
{
  guint32  type;
  guint32  offset_bytes;
  gboolean has_type;
  gboolean is_unnamed;
} Field;

static gboolean
read_field_member (Reader     *self,
                   const char *key,
                   gpointer    data)
{
  Field *field = data;

  if (g_str_equal (key, "offset"))
    return read_size (self, &field->offset_bytes);
  if (g_str_equal (key, "type"))
    {
      field->has_type = TRUE;
      return read_type (self, &field->type);
    }
  if (!g_str_equal (key, "anonymous"))
    return skip_value (self);
  P2vJsonToken token = p2v_json_next (self->json, self->error);
  field->is_unnamed =
    token == P2V_JSON_WORD && g_str_equal (p2v_json_get_text (self->json), "true");
  return p2v_json_skip (self->json, token, self->error);
}

static gboolean
read_field (Reader     *self,
            const char *name,
            gpointer    data)
{
  Field field = { .is_unnamed = g_str_has_prefix (name, UNNAMED_FIELD) };

  if (!read_object (self, read_field_member, &field) || !count_definition (self))
    return FALSE;
  if (!field.has_type)
    return fail (self, _("a field with a type"));
  p2v_isf_types_add_member (self->types, field.is_unnamed ? "" : name, field.type,
                            field.offset_bytes);
  return TRUE;
}

/* Of a base type, composite or enumeration; @data is its number. */
static gboolean
read_definition_member (Reader     *self,
                        const char *key,
                        gpointer    data)
{
  guint32 *type = data;
  guint32 size;

  if (g_str_equal (key, "size"))
    {
      if (!read_size (self, &size))
        return FALSE;
      p2v_isf_types_set_size (self->types, *type, size);
      return TRUE;
    }
  if (!g_str_equal (key, "fields"))
    return skip_value (self);
  p2v_isf_types_begin (self->types, *type);
  return read_object (self, read_field, NULL);
}

static gboolean
read_base_type (Reader     *self,
                const char *name,
                gpointer    data)
{
  guint32 type = p2v_isf_types_refer (self->types, P2V_ISF_BASE, name);

  return count_definition (self) && read_object (self, read_definition_member, &type);
}

static gboolean
read_user_type (Reader     *self,
                const char *name,
                gpointer    data)
{
  guint32 type = p2v_isf_types_refer (self->types, P2V_ISF_COMPOSITE, name);

  return count_definition (self) && read_object (self, read_definition_member, &type);
}

/* Enumerators are signed, or 64 bits that are not. */
static gboolean
read_enumerator (Reader     *self,
                 const char *name,
                 gpointer    data)
{
  P2vJsonToken token = p2v_json_next (self->json, self->error);
  gint64 value;
  guint64 large;

  if (token != P2V_JSON_NUMBER || !count_definition (self))
    return fail (self, _("the number of an enumerator"));
  if (g_ascii_string_to_signed (p2v_json_get_text (self->json), 10, G_MININT64, G_MAXINT64, &value,
                                NULL))
    p2v_isf_types_add_enumerator (self->types, name, value);
  else if (p2v_json_get_number (self->json, G_MAXUINT64, &large))
    p2v_isf_types_add_enumerator (self->types, name, (gint64) large);
  return TRUE;
}

static gboolean
read_enum_member (Reader     *self,
                  const char *key,
                  gpointer    data)
{
  return g_str_equal (key, "constants") ? read_object (self, read_enumerator, NULL)
                                        : read_definition_member (self, key, data);
}

static gboolean
read_enum (Reader     *self,
           const char *name,
           gpointer    data)
{
  guint32 type = p2v_isf_types_refer (self->types, P2V_ISF_ENUM, name);

  return count_definition (self) && read_object (self, read_enum_member, &type);
}

typedef struct
{
  gboolean is_banner;
  gboolean has_address;
  guint64  address;
} Symbol;

/* The bytes of a constant, in base64: a line of text and a NUL. */
static void
take_banner (Reader *self)
{
  gsize length;
  g_autofree guchar *bytes = g_base64_decode (p2v_json_get_text (self->json), &length);
  g_autofree char *text = g_strndup ((const char *) bytes, length);

  text[strcspn (text, "\n")] = '\0';
  if (*text == '\0')
    return;
  g_free (self->banner);
  self->banner = g_steal_pointer (&text);
}

static gboolean
read_symbol_member (Reader     *self,
                    const char *key,
                    gpointer    data)
{
  Symbol *symbol = data;

  if (self->types != NULL && g_str_equal (key, "address"))
    {
      symbol->has_address = TRUE;
      return read_number (self, G_MAXUINT64, &symbol->address);
    }
  P2vJsonToken token = p2v_json_next (self->json, self->error);
  if (token == P2V_JSON_STRING && symbol->is_banner && g_str_equal (key, "constant_data"))
    take_banner (self);
  return p2v_json_skip (self->json, token, self->error);
}

static gboolean
read_symbol (Reader     *self,
             const char *name,
             gpointer    data)
{
  Symbol symbol = { .is_banner = g_str_equal (name, "linux_banner") };

  if (self->types == NULL && !symbol.is_banner)
    return skip_value (self);
  if (!read_object (self, read_symbol_member, &symbol))
    return FALSE;
  /* There is nothing to be read behind it. */
  if (self->types == NULL && self->banner != NULL)
    return FALSE;
  if (!symbol.has_address ||
      p2v_symbol_table_add (self->symbols, name, strlen (name), symbol.address))
    return TRUE;
  g_set_error (self->error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
               _("It has more than %u symbols or %u bytes of their names"), P2V_LIMIT_SYMBOLS,
               P2V_LIMIT_SYMBOL_NAME_BYTES);
  return FALSE;
}

/* The identity of the file that the symbols were made of. */
typedef struct
{
  char    *guid;
  char    *name;
  guint64  age;
} Pdb;

static gboolean
read_pdb_member (Reader     *self,
                 const char *key,
                 gpointer    data)
{
  Pdb *pdb = data;

  if (g_str_equal (key, "age"))
    return read_number (self, G_MAXUINT32, &pdb->age);
  P2vJsonToken token = p2v_json_next (self->json, self->error);
  char **text = g_str_equal (key, "GUID")       ? &pdb->guid
                : g_str_equal (key, "database") ? &pdb->name
                                                : NULL;
  if (token == P2V_JSON_STRING && text != NULL)
    {
      g_free (*text);
      *text = g_strdup (p2v_json_get_text (self->json));
    }
  return p2v_json_skip (self->json, token, self->error);
}

static gboolean
read_windows_member (Reader     *self,
                     const char *key,
                     gpointer    data)
{
  Pdb pdb = { 0 };

  if (!g_str_equal (key, "pdb"))
    return skip_value (self);
  gboolean ok = read_object (self, read_pdb_member, &pdb);
  if (ok && pdb.guid != NULL && pdb.name != NULL)
    {
      g_free (self->banner);
      self->banner = p2v_isf_make_pdb_banner (pdb.name, pdb.guid, (guint32) pdb.age);
    }
  g_free (pdb.guid);
  g_free (pdb.name);
  /* If nothing else is asked there is nothing to be read behind it. */
  return ok && (self->types != NULL || self->banner == NULL);
}

static gboolean
read_metadata (Reader     *self,
               const char *key,
               gpointer    data)
{
  return g_str_equal (key, "windows") ? read_object (self, read_windows_member, NULL)
                                      : skip_value (self);
}

static gboolean
read_section (Reader     *self,
              const char *name,
              gpointer    data)
{
  static const struct
  {
    const char *name;
    MemberFunc  read;
  } sections[] = {
    { "base_types", read_base_type },
    { "user_types", read_user_type },
    { "enums", read_enum },
    { "symbols", read_symbol },
    { "metadata", read_metadata },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (sections); i++)
    if (g_str_equal (sections[i].name, name) &&
        (self->types != NULL || sections[i].read == read_symbol ||
         sections[i].read == read_metadata))
      return read_object (self, sections[i].read, NULL);
  return skip_value (self);
}

char *
p2v_isf_make_pdb_banner (const char *name,
                         const char *guid,
                         guint32     age)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);
  g_autofree char *upper = g_ascii_strup (guid, -1);
  g_auto (GStrv) parts = g_strsplit_set (upper, "-{}", -1);
  g_autofree char *digits = g_strjoinv ("", parts);

  return g_strdup_printf ("%s %s%X", lower, digits, age);
}

gboolean
p2v_isf_read (P2vSymbolStream  *stream,
              P2vIsf           *ret_isf,
              GError          **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (P2vJson) json = p2v_json_new (stream);
  Reader reader = { .json = json,
                    .types = p2v_isf_types_new (),
                    .symbols = p2v_symbol_table_new (),
                    .n_left = MAX_DEFINITIONS,
                    .error = &local_error };
  gboolean ok = read_object (&reader, read_section, NULL) &&
                p2v_json_next (json, &local_error) == P2V_JSON_END;

  p2v_symbol_table_seal (reader.symbols);
  *ret_isf = (P2vIsf) { .types = p2v_isf_types_get_source (reader.types),
                        .symbols = reader.symbols,
                        .banner = reader.banner };
  if (ok && p2v_isf_types_get_n_members (reader.types) == 0 &&
      p2v_symbol_table_get_n_symbols (reader.symbols) == 0)
    ok = fail (&reader, _("“user_types” or “symbols” before"));
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return ok;
}

char *
p2v_isf_read_banner (P2vSymbolStream  *stream,
                     GError          **error)
{
  g_autoptr (P2vJson) json = p2v_json_new (stream);
  Reader reader = { .json = json, .error = error };

  /* FALSE without an error: read no further. */
  (void) !read_object (&reader, read_section, NULL);
  return reader.banner;
}

void
p2v_isf_clear (P2vIsf *self)
{
  g_clear_pointer (&self->types, p2v_type_source_free);
  g_clear_pointer (&self->symbols, p2v_symbol_table_free);
  g_clear_pointer (&self->banner, g_free);
}
