/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The search for "a.b.c" in a structure, which is the same for every source of types: members of
 * unnamed structs and unions count as their parent's, and damaged types end in cycles. A source
 * says what members a type has, and this walks. */

#pragma once

#include <glib.h>

/* Members looked at for one question. The longest search on Debian's 6.12 takes some hundreds; in
 * crafted data unnamed members may contain each other over and over. */
#define P2V_MEMBER_SEARCH_BUDGET ((guint) 1 << 20)

typedef struct
{
  const char *name;            /* empty for an unnamed one */
  guint32     type;            /* in the source's own terms */
  guint64     offset_bits;
  guint       bit_width;       /* of a bit-field, or 0 */
} P2vTypeMember;

typedef struct
{
  gconstpointer source;
  /* FALSE if @type, behind typedefs and qualifiers, is no struct or union. *@ret_members is what
   * get_member() wants, *@ret_n_members how many there are. */
  gboolean (*open_members) (gconstpointer  source,
                            guint32        type,
                            guint64       *ret_members,
                            guint         *ret_n_members);
  /* FALSE if the source is damaged there. */
  gboolean (*get_member)   (gconstpointer  source,
                            guint64        members,
                            guint          position,
                            P2vTypeMember *ret_member);
} P2vMemberSearch;

/* Follows @path from @type; the offset in *@ret_member is from the start of @type. *@n_left, from
 * P2V_MEMBER_SEARCH_BUDGET down, may be shared by several searches. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_member_search_run (const P2vMemberSearch *self,
                                guint32                type,
                                const char            *path,
                                guint                 *n_left,
                                P2vTypeMember         *ret_member);
