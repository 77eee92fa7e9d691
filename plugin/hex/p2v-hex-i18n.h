/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* Translations from our own domain. gtkhex's headers bring the macros for programs, which would
 * look in the host's; include this one last. */

#pragma once

#include <glib.h>

#undef _
#undef Q_
#undef N_
#undef C_
#undef NC_

#undef __G_I18N_LIB_H__
#include <glib/gi18n-lib.h>
