#include "proto/verdict.h"

#include <assert.h>

#define LD_VERDICT(name, value, en, zh)                                                            \
	static_assert(LIANDAN__VERDICT__##name == (value), "verdict.def and ledger.proto differ");
#define LD_REASON(name, value, en, zh)                                                             \
	static_assert(LIANDAN__REASON__##name == (value), "verdict.def and ledger.proto differ");
#include "proto/verdict.def"
#undef LD_VERDICT
#undef LD_REASON

struct text {
	const char *name;
	const char *en;
	const char *zh;
};

static const struct text NONE = {"?", "?", "?"};

static const struct text *verdict(Liandan__Verdict v)
{
	switch ((int)v) {
#define LD_VERDICT(name, value, en, zh)                                                            \
	case value: {                                                                              \
		static const struct text t = {#name, en, zh};                                      \
		return &t;                                                                         \
	}
#include "proto/verdict.def"
#undef LD_VERDICT
	default:
		return &NONE;
	}
}

static const struct text *reason(Liandan__Reason r)
{
	switch ((int)r) {
#define LD_REASON(name, value, en, zh)                                                             \
	case value: {                                                                              \
		static const struct text t = {#name, en, zh};                                      \
		return &t;                                                                         \
	}
#include "proto/verdict.def"
#undef LD_REASON
	default:
		return &NONE;
	}
}

const char *ld_verdict_name(Liandan__Verdict v)
{
	return verdict(v)->name;
}

const char *ld_verdict_en(Liandan__Verdict v)
{
	return verdict(v)->en;
}

const char *ld_verdict_zh(Liandan__Verdict v)
{
	return verdict(v)->zh;
}

const char *ld_reason_name(Liandan__Reason r)
{
	return reason(r)->name;
}

const char *ld_reason_en(Liandan__Reason r)
{
	return reason(r)->en;
}

const char *ld_reason_zh(Liandan__Reason r)
{
	return reason(r)->zh;
}

bool ld_verdict_in_ledger(Liandan__Verdict v)
{
	return v == LIANDAN__VERDICT__ACCEPTED || v == LIANDAN__VERDICT__HELD ||
	       v == LIANDAN__VERDICT__REFUSED;
}
