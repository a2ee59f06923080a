/* Licences: who may receive, carry or store what, and how much of it in a year. Apply's side too,
 * where what was accepted is counted. CUSTODY-2, 6, 14; Order 23 articles 10 to 13; 5C M12. */
#ifndef LD_CUSTODY_LICENCE_H
#define LD_CUSTODY_LICENCE_H

#include "plugin/custody/judge.h"

/* Kinds of licence, as bits 1 << LicenceKind. */
#define LD_LICENCE_BIT(kind) (1u << (unsigned)(kind))
#define LD_LICENCE_RECEIVE                                                                         \
	(LD_LICENCE_BIT(LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE) |                             \
	 LD_LICENCE_BIT(LIANDAN__LICENCE_KIND__LICENCE_KIND_STORE) |                               \
	 LD_LICENCE_BIT(LIANDAN__LICENCE_KIND__LICENCE_KIND_EXEMPTION))
#define LD_LICENCE_CARRY LD_LICENCE_BIT(LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY)

/* What must be licensed. */
struct ld_licence_need {
	const char *party;
	const char *licence; /* only this one; "": any of the party's */
	const char *site;    /* a licence bound to another site does not count; "": do not ask */
	uint32_t kinds;	     /* LD_LICENCE_… */
	const char *code;
	const char *mode;  /* "": do not ask */
	int64_t at_ms;	   /* in force then */
	int64_t act_ms;	   /* what a withdrawal by then stops, where it does; 0: at_ms */
	int64_t sealed_ms; /* what was sealed before a withdrawal may finish, where it says so; 0:
			      not sealed */
};
bool ld_licensed(struct ld_custody *c, const struct ld_licence_need *need);
/* The licence that what it needs counts on: the one it names; else of those that cover it the first
 * with a yearly mass, or the first. Id and yearly mass (0: no limit); false: none covers it. */
struct ld_licence_found {
	char licence[LD_MAX_ID_BYTES + 1];
	int64_t annual_g;
};
bool ld_licence_covering(struct ld_custody *c, const struct ld_licence_need *need,
			 struct ld_licence_found *out);
/* The same for a line of a manifest at its receiver, as it was when sealed. */
bool ld_licence_of_line(struct ld_custody *c, const Custody__Manifest *m, const Liandan__Line *line,
			struct ld_licence_found *out);

/* Apply side: what was accepted counts on the licences of its lines, in the calendar year in which
 * that was recorded; sign -1: not any more (an amendment counts anew). */
enum ld_err ld_licence_count(struct ld_custody *c, const Custody__Manifest *m, int sign);
/* Judge's side: LICENCE_OVER (M12) where this acceptance has gone beyond a licence. */
void ld_licence_follow(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData manifest,
		       struct ld_own_list *own);

#endif
