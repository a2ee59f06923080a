/* Inside the DAY reader: one line cut into words, and values read from text. Not for others. */
#ifndef LD_CLI_DAY_PARSE_H
#define LD_CLI_DAY_PARSE_H

#include "deploy/cli/day.h"

/* A piece of the line; not NUL-terminated. */
struct ld_word {
	const char *s;
	size_t n;
};

struct ld_day_pair {
	struct ld_word key;
	char value[LD_DAY_MAX_LINE_BYTES + 1]; /* unquoted */
	size_t n;
};

/* Kinds of values; each reads text into the C type that is named. */
enum ld_day_type {
	LD_T_ID,       /* char[LD_MAX_ID_BYTES + 1] */
	LD_T_REF,      /* struct ld_day_ref */
	LD_T_TEXT,     /* char[LD_DAY_MAX_TEXT_BYTES + 1] */
	LD_T_CODE,     /* char[LD_DAY_MAX_CODE_BYTES + 1] */
	LD_T_CLOCK,    /* int32_t, seconds after midnight: 07:30, 07:30:15, up to 47:59 */
	LD_T_SPAN,     /* int32_t seconds: 90s, 25m, 1h, 1h30m */
	LD_T_MASS,     /* int64_t grams: 8.2t, 400kg, 150g */
	LD_T_DISTANCE, /* int32_t metres: 3km, 1.5km, 500m */
	LD_T_POINT,    /* struct ld_day_point: 31.2304,121.4737 */
	LD_T_RING,     /* into struct ld_day_site: points joined by ';' */
	LD_T_UINT,     /* uint32_t */
	LD_T_BITS,     /* uint32_t of words joined by ',' */
	LD_T_ONE,      /* uint32_t, one of words */
	LD_T_CODES,    /* into struct ld_day_party: codes joined by ',', or none, or all */
};

struct ld_day_choice {
	const char *word;
	uint32_t value;
};

struct ld_day_field {
	const char *key;
	enum ld_day_type type;
	size_t offset; /* in the line's struct */
	bool required;
	int64_t min, max;		     /* of a number */
	const struct ld_day_choice *choices; /* of BITS and ONE; ended by NULL */
};

struct ld_day_reader {
	struct ld_day *day;
	struct ld_day_fault *fault;
	struct ld_day_pair *pairs; /* LD_DAY_MAX_FIELDS of them */
	size_t n_pairs;
	struct ld_word head[2]; /* keyword and name */
	size_t n_head;
	bool first, saw_day;
	int line;
};

/* Fills *r->fault with the line at hand; returns err. */
enum ld_err ld_day_fail(struct ld_day_reader *r, enum ld_err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool ld_word_is(struct ld_word w, const char *text);
/* The line that was cut into r->head and r->pairs: fills the day. */
enum ld_err ld_day_statement(struct ld_day_reader *r);

/* Reads text into *to (the member itself for all types but RING and CODES, there the line's
 * struct). LD_ERR_MALFORMED with a sentence in what[cap]. */
enum ld_err ld_day_value(const struct ld_day_field *f, const char *text, size_t len, void *to,
			 char *what, size_t cap);
/* 1 to 64 bytes, no control characters, spaces, quotes, nor / + # = , ; nor $ in front. */
bool ld_day_id_ok(const char *text, size_t len);
bool ld_day_utf8_ok(const char *text, size_t len);

/* A list of the day, each element of which begins with its line and its id. */
struct ld_day_list {
	const void *items;
	size_t n, size;
	const char *what;
};

#define LD_DAY_LIST(day, name, one)                                                                \
	((struct ld_day_list){(day)->name, (day)->n_##name, sizeof(*(day)->name), one})

struct ld_day_check {
	struct ld_day *day;
	struct ld_day_fault *fault;
};

/* Fills the fault; LD_ERR_MALFORMED. */
enum ld_err ld_day_wrong(struct ld_day_check *c, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Resolves where the line gave a name; at stays -1 where it did not. */
enum ld_err ld_day_resolve(struct ld_day_check *c, int line, struct ld_day_list l,
			   struct ld_day_ref *ref);
bool ld_day_has_role(const struct ld_day *d, int party, uint32_t role);
/* The party's licence covers the code. */
bool ld_day_licensed(const struct ld_day_party *p, const struct ld_day_waste *w);
/* day_acts.c */
enum ld_err ld_day_check_acts(struct ld_day_check *c);

/* Resolves names, puts trips in order, checks what one line alone cannot show. */
enum ld_err ld_day_check(struct ld_day *day, struct ld_day_fault *fault);

#endif
