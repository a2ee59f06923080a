/* Every verdict and reason through a real broker: sends an event as its device would, over either
 * protocol version, and holds everything that comes of it against what was expected: PUBACK,
 * receipt with proof or signature, refused/, counters. What was reached is remembered and compared
 * with the table in verdicts.md. */
#ifndef LD_TESTS_BROKER_VERDICTS_H
#define LD_TESTS_BROKER_VERDICTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/broker/harness.h"
#include "tests/support/trade.h"

#define RIG_CLIENTS 32
#define RIG_VERDICTS 32
#define RIG_REASONS 96

/* How a verdict or reason was reached: a row's second column. */
enum rig_how { RIG_VERDICT, RIG_REFUSED, RIG_FLAGGED, RIG_HELD, RIG_HOWS };

struct rig {
	struct harness h;
	struct trade t;
	int version;	    /* of the devices' clients */
	struct client *spy; /* the regulator's, MQTT 5 */
	struct {
		const struct signer *of;
		struct client *client;
	} open[RIG_CLIENTS];
	struct signer fresh; /* made by the case at hand, or empty */
	/* what the broker should have counted */
	uint64_t verdicts[RIG_VERDICTS], reasons[RIG_REASONS], duplicates;
	unsigned seen[RIG_HOWS][RIG_REASONS]; /* 1: MQTT 3.1.1, 2: MQTT 5 */
};

/* The trade's world; options: lines plugin_opt_…; before(x): what else goes into the registry while
 * it is still in process, or NULL. Starts the broker and the regulator's client. */
void rig_start(struct rig *x, const char *options, void (*before)(struct rig *x));
void rig_end(struct rig *x);
/* All devices away; those that are needed come back with this version. */
void rig_version(struct rig *x, int version);
struct client *rig_client(struct rig *x, const struct signer *s);

/* What came of one publish. r is the rig's caller's: rig_answer_free. */
struct rig_answer {
	int rc; /* PUBACK; -1: none */
	Liandan__Receipt *r;
	uint8_t *bytes; /* what was sent */
	size_t len;
};
void rig_answer_free(struct rig_answer *a);

/* Publishes on i/<party>/<device> of `on`, from its client; waits for the receipt. */
void rig_publish(struct rig *x, const struct signer *on, const uint8_t *bytes, size_t len,
		 struct rig_answer *out);
/* Seals and publishes. co may be NULL. */
void rig_post(struct rig *x, struct signer *by, struct signer *co, Liandan__Event *e,
	      struct rig_answer *out);

/* What must have come of it. */
struct rig_expect {
	Liandan__Verdict verdict;
	Liandan__Reason reason;	   /* of REFUSED or HELD */
	Liandan__Reason violation; /* of ACCEPTED, or REASON_NONE */
	bool signature_good;	   /* outside the ledger: the receipt must be signed */
	const struct signer *on;   /* whose topic */
};
void rig_check(struct rig *x, const struct rig_answer *a, const struct rig_expect *want);
/* Post and check in one; on ACCEPTED returns its index. */
uint64_t rig_must(struct rig *x, struct signer *by, Liandan__Event *e);
/* A second receipt for these bytes: applied with this verdict. Verified. */
void rig_applied(struct rig *x, const struct signer *on, const struct rig_answer *held,
		 Liandan__Verdict verdict, Liandan__Reason reason, size_t violations);

/* A case of a table: builds what goes before (all ACCEPTED), gives the event, its signer and
 * cosigner. */
struct rig_case {
	const char *name;
	Liandan__Reason reason;
	Liandan__Event *(*build)(struct rig *x, struct signer **by, struct signer **co);
};
/* Each case over both versions. */
void rig_run_refused(struct rig *x, const struct rig_case *cases, size_t n);
void rig_run_flagged(struct rig *x, const struct rig_case *cases, size_t n);

/* The counters on $SYS/broker/liandan/ are exactly what the receipts said. Takes up to 11 s. */
void rig_check_counters(struct rig *x);
/* Every row of the table that names this test was reached, over both versions. */
void rig_check_table(struct rig *x, const char *test);
/* Every verdict and reason of ledger.proto stands in the table. */
void rig_check_table_complete(void);

#endif
