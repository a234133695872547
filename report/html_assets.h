/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * html_assets.h - style sheet and script of the HTML report, as text.   room: report
 *
 * Both stand inside the page, so neither may hold what ends its element
 * ("</style", "</script"), nor name anything on a network.
 */
#ifndef REP_HTML_ASSETS_H
#define REP_HTML_ASSETS_H

extern const char rep_html_style[];
extern const char rep_html_script[];

#endif
