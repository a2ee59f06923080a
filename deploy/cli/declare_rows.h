/* What the files that make rows of a declaration share: declare.c, declare_rest.c,
 * declare_amended.c. */
#ifndef LD_CLI_DECLARE_ROWS_H
#define LD_CLI_DECLARE_ROWS_H

#include "deploy/cli/declare.h"

bool ld_hj_in_period(const struct ld_hj *h, int64_t at_ms);
/* Whose stock a site's is: also where a delegate signs. */
bool ld_hj_site_is(struct ld_custody *c, const char *site, const struct ld_effect *e,
		   const char *party);
/* Columns code and category: 900-041-49 is of category HW49, 900-001-S17 of S17. */
void ld_hj_code(cJSON *row, const char *code);
/* The word behind the enum's name without its prefix; nothing for 0. */
void ld_hj_enum(cJSON *row, const char *key, const ProtobufCEnumDescriptor *d, int value,
		const char *prefix);
/* Column entry. */
void ld_hj_finish(cJSON *row, const struct ld_effect *e);

/* Beside the five of the standard: what was repacked, counted, lost, amended. */
#define LD_HJ_REPACKED_N 10
#define LD_HJ_COUNTED_N 11
#define LD_HJ_LOST_N 10
#define LD_HJ_AMENDED_N 12
extern const struct ld_column ld_hj_repacked_columns[LD_HJ_REPACKED_N];
extern const struct ld_column ld_hj_counted_columns[LD_HJ_COUNTED_N];
extern const struct ld_column ld_hj_lost_columns[LD_HJ_LOST_N];
extern const struct ld_column ld_hj_amended_columns[LD_HJ_AMENDED_N];
void ld_hj_amended(const struct ld_hj *h, const struct ld_effect *e);
void ld_hj_repacked(const struct ld_hj *h, const struct ld_effect *e);
void ld_hj_counted(const struct ld_hj *h, const struct ld_effect *e);
void ld_hj_lost(const struct ld_hj *h, const struct ld_effect *e);

#endif
