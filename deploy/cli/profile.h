/* Profiles 规则集 and calendars 工作日历 as files, and as the events that adopt them. The formats,
 * word by word: deploy/profiles/README.md. Only reads text; takes hostile input: every length and
 * count has a limit, nothing is guessed, what is wrong is named with its line. */
#ifndef LD_CLI_PROFILE_H
#define LD_CLI_PROFILE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/custody/rules.h"
#include "proto/err.h"
#include "proto/limits.h"

#define LD_PROFILE_MAX_BYTES (256 * 1024)
#define LD_PROFILE_MAX_LINE_BYTES 1024

struct ld_profile_value {
	const struct ld_rule_def *rule;
	int64_t value;
	char source[LD_MAX_STRING_BYTES + 1];
};

struct ld_profile {
	char name[LD_MAX_ID_BYTES + 1];
	uint32_t version;
	int64_t from_ms;				    /* 0: when it is recorded */
	struct ld_profile_value values[LD_MAX_RULE_VALUES]; /* ascending by name */
	size_t n;
};

struct ld_calendar {
	char jurisdiction[LD_MAX_ID_BYTES + 1];
	uint32_t year;
	uint8_t workdays[LD_CALENDAR_BYTES];
};

struct ld_profile_fault {
	int line; /* from 1; 0: the file as a whole */
	char what[200];
};

/* LD_ERR_MALFORMED or LD_ERR_LIMIT with *fault. */
enum ld_err ld_profile_parse(const char *text, size_t len, struct ld_profile *out,
			     struct ld_profile_fault *fault);
enum ld_err ld_calendar_parse(const char *text, size_t len, struct ld_calendar *out,
			      struct ld_profile_fault *fault);
/* {"rules_adopted": …} and {"calendar_adopted": …}, for `liandan send`; NULL when memory is out. */
cJSON *ld_profile_event(const struct ld_profile *p);
cJSON *ld_calendar_event(const struct ld_calendar *c);
/* A value as a profile file writes it: "5 workdays", "2h", "300kg", "hard". */
void ld_rule_text(const struct ld_rule_def *d, int64_t value, char out[40]);

#endif
