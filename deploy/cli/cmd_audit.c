/* ledger audit: everything that the ledger claims, computed again. First the tree from the entries
 * alone (store's audit), then entry by entry: every signature with the registry as it stood at that
 * point, every chain, every event of the ledger's own. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/book.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/keyring.h"
#include "plugin/custody/site.h"
#include "proto/base64.h"
#include "proto/envelope.h"
#include "proto/verdict.h"

#define AUDIT_COMMIT_EVERY 50000
#define AUDIT_PROGRESS_EVERY 20000

struct audit {
	struct ld_cli *cli;
	struct ld_book book;
	struct ld_arena open_arena, apply_arena;
	struct ld_state *state; /* replayed up to the entry at hand */
	struct ld_custody custody;
	struct ld_keyring *ring;
	uint64_t size, signatures, events, own;
	uint64_t verdict[4]; /* ACCEPTED, HELD, REFUSED */
	int64_t last_recorded_ms;
	uint64_t at;
	char why[400];
};

#define FAULT(a, ...) (snprintf((a)->why, sizeof((a)->why), __VA_ARGS__), LD_ERR_CORRUPT)

/* ---- signed events ---- */

/* A key that the event itself enrols proves its possession in the same event. */
static enum ld_err fresh_key(struct audit *a, const Liandan__Event *e, const uint8_t *id,
			     struct ld_key **out)
{
	uint8_t expected[LD_KEY_ID_BYTES];
	if (e->body_case != LIANDAN__EVENT__BODY_KEY_ENROLLED || *out)
		return FAULT(a, "a cosigner's key is not enrolled");
	const Liandan__KeyEnrolled *k = e->key_enrolled;
	ld_key_id_of_spki(k->spki.data, k->spki.len, expected);
	if (memcmp(expected, id, LD_KEY_ID_BYTES) != 0 ||
	    ld_key_public(k->spki.data, k->spki.len, k->algorithm, out) != LD_OK)
		return FAULT(a,
			     "the cosigner is neither enrolled nor the key that is being enrolled");
	return LD_OK;
}

/* Keys in the envelope's order. Parsed copies of our own: the ring may start over while it is
 * filled. */
static enum ld_err keys_of(struct audit *a, const Liandan__Event *e, struct ld_key **keys,
			   size_t *n, struct ld_key **fresh)
{
	*n = 0;
	for (size_t i = 0; i <= e->n_cosigners; i++) {
		const uint8_t *id = i == 0 ? e->submitter.data : e->cosigners[i - 1].data;
		struct ld_ring_key *k = ld_keyring_get(a->ring, &a->custody, id);
		size_t len;
		keys[i] = NULL;
		if (!k && i == 0)
			return FAULT(a, "the submitter's key is not enrolled at this point");
		if (!k) {
			enum ld_err err = fresh_key(a, e, id, fresh);
			if (err != LD_OK)
				return err;
		}
		if (i == 0 && e->n_cosigners == 0) {
			keys[i] = k->key; /* the usual case: nothing else is looked up */
		} else {
			struct ld_key *from = k ? k->key : *fresh;
			const uint8_t *spki = ld_key_spki(from, &len);
			if (ld_key_public(spki, len, ld_key_algorithm(from), &keys[i]) != LD_OK)
				return FAULT(a, "a key cannot be used");
		}
		(*n)++;
	}
	return LD_OK;
}

static enum ld_err check_signatures(struct audit *a, const struct ld_opened *o)
{
	struct ld_key *keys[LD_MAX_SIGNATURES], *fresh = NULL;
	size_t n;
	enum ld_err err = keys_of(a, o->event, keys, &n, &fresh);
	if (err == LD_OK && ld_open_verify(o, keys, n) != LD_OK)
		err = FAULT(a, "a signature does not verify");
	if (o->event->n_cosigners > 0)
		for (size_t i = 0; i < n; i++)
			ld_key_free(keys[i]);
	ld_key_free(fresh);
	a->signatures += n;
	return err;
}

static enum ld_err check_chain(struct audit *a, const Liandan__Event *e)
{
	Custody__Chain *chain = NULL;
	if (ld_chain_get(&a->custody, e->submitter.data, &chain) != LD_OK)
		return FAULT(a, "the submitter's key has no chain");
	if (e->epoch != chain->epoch || e->seq != chain->last_seq + 1)
		return FAULT(a, "epoch %u seq %llu does not follow epoch %u seq %llu of its signer",
			     e->epoch, (unsigned long long)e->seq, chain->epoch,
			     (unsigned long long)chain->last_seq);
	if (e->prev.len != LD_HASH_BYTES || chain->last_hash.len != LD_HASH_BYTES ||
	    memcmp(e->prev.data, chain->last_hash.data, LD_HASH_BYTES) != 0)
		return FAULT(a, "`prev` is not the hash of its signer's event before");
	return LD_OK;
}

static enum ld_err check_event(struct audit *a, const Liandan__Entry *entry)
{
	struct ld_opened o;
	struct ld_gate_fault fault = {0, "", ""};
	ld_arena_reset(&a->open_arena);
	ld_arena_reset(&a->apply_arena);
	if (!ld_verdict_in_ledger(entry->verdict))
		return FAULT(a, "its verdict does not belong in a ledger");
	if (ld_open_parse(entry->envelope.data, entry->envelope.len, &a->open_arena, &o, &fault) !=
	    LD_OK)
		return FAULT(a, "the envelope is not well-formed: %s %s", fault.field,
			     fault.what ? fault.what : "");
	if (o.event->ledger_id.len != LD_HASH_BYTES ||
	    memcmp(o.event->ledger_id.data, a->book.ledger_id, LD_HASH_BYTES) != 0)
		return FAULT(a, "the event is addressed to another ledger");
	enum ld_err err = check_chain(a, o.event);
	if (err == LD_OK)
		err = check_signatures(a, &o);
	a->events++;
	a->verdict[entry->verdict]++;
	return err;
}

/* ---- the ledger's own events ---- */

/* The entry that an own event speaks of must be of the kind it says, and earlier. */
static bool refers_to(struct audit *a, uint64_t index, Liandan__OwnEvent__BodyCase own,
		      Liandan__Verdict verdict)
{
	struct ld_leaf leaf;
	if (index >= a->at || ld_book_read(&a->book, index, &leaf) != LD_OK)
		return false;
	if (own != LIANDAN__OWN_EVENT__BODY__NOT_SET)
		return leaf.own && leaf.own->body_case == own;
	return leaf.event &&
	       (verdict == LIANDAN__VERDICT__VERDICT_UNSPECIFIED || leaf.entry->verdict == verdict);
}

/* Two events with one number, both signed: the second stands in the entry itself. */
static enum ld_err check_fork(struct audit *a, uint64_t first, ProtobufCBinaryData envelope)
{
	struct ld_opened o;
	struct ld_leaf leaf;
	struct ld_gate_fault fault;
	ld_arena_reset(&a->open_arena);
	ld_arena_reset(&a->apply_arena);
	if (ld_open_parse(envelope.data, envelope.len, &a->open_arena, &o, &fault) != LD_OK)
		return FAULT(a, "the second envelope of a fork is not well-formed");
	enum ld_err err = check_signatures(a, &o);
	if (err != LD_OK)
		return err;
	if (ld_book_read(&a->book, first, &leaf) != LD_OK || !leaf.event ||
	    leaf.event->seq != o.event->seq || leaf.event->epoch != o.event->epoch ||
	    memcmp(leaf.event->submitter.data, o.event->submitter.data, LD_KEY_ID_BYTES) != 0 ||
	    memcmp(leaf.event_hash, o.event_hash, LD_HASH_BYTES) == 0)
		return FAULT(a, "what it calls a fork is none");
	return LD_OK;
}

static bool evidence_is_past(const struct audit *a, size_t n, const uint64_t *evidence)
{
	for (size_t i = 0; i < n; i++)
		if (evidence[i] >= a->at)
			return false;
	return true;
}

static enum ld_err check_own(struct audit *a, const Liandan__OwnEvent *o)
{
	const Liandan__OwnEvent__BodyCase raised = LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED;
	const Liandan__OwnEvent__BodyCase none = LIANDAN__OWN_EVENT__BODY__NOT_SET;
	uint64_t at = a->at;
	bool good = true;
	a->own++;
	switch (o->body_case) {
	case LIANDAN__OWN_EVENT__BODY_GENESIS:
		good = at == 0;
		break;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED:
		good =
		    evidence_is_past(a, o->anomaly_raised->n_evidence, o->anomaly_raised->evidence);
		break;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED:
		good = refers_to(a, o->anomaly_updated->anomaly, raised, 0);
		break;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_CLEARED:
		good = refers_to(a, o->anomaly_cleared->anomaly, raised, 0);
		break;
	case LIANDAN__OWN_EVENT__BODY_HELD_APPLIED:
		good = refers_to(a, o->held_applied->index, none, LIANDAN__VERDICT__HELD);
		break;
	case LIANDAN__OWN_EVENT__BODY_HELD_EXPIRED:
		good = refers_to(a, o->held_expired->index, none, LIANDAN__VERDICT__HELD);
		break;
	case LIANDAN__OWN_EVENT__BODY_FORK_OBSERVED:
		return check_fork(a, o->fork_observed->first, o->fork_observed->envelope);
	case LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED:
	case LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED:
		break;
	default:
		good = false;
	}
	return good ? LD_OK : FAULT(a, "the ledger's own event speaks of what is not there");
}

/* ---- all ---- */

static enum ld_err check_entry(struct audit *a, uint64_t index)
{
	struct ld_leaf leaf;
	a->at = index;
	a->why[0] = '\0';
	enum ld_err err = ld_book_read(&a->book, index, &leaf);
	if (err != LD_OK)
		return FAULT(a, "the entry cannot be read");
	if (ld_gate_check(&liandan__entry__descriptor, leaf.bytes, leaf.len, NULL) != LD_OK)
		return FAULT(a, "the entry is not in the one form that this ledger writes");
	if (leaf.entry->recorded_at_ms < a->last_recorded_ms)
		return FAULT(a, "recorded before the entry before it");
	a->last_recorded_ms = leaf.entry->recorded_at_ms;
	if (leaf.event)
		err = check_event(a, leaf.entry);
	else
		err = check_own(a, leaf.own); /* may read other entries: leaf is gone then */
	if (err == LD_OK)
		err = ld_book_read(&a->book, index, &leaf);
	if (err != LD_OK)
		return err;
	ld_arena_reset(&a->apply_arena);
	err = ld_apply_entry(&a->custody, index, leaf.bytes, leaf.len);
	if (err != LD_OK)
		return FAULT(a, "it cannot be applied: %s", ld_err_text(err));
	/* The registry may have changed: keys are read again from where it stands now. */
	if (leaf.event && leaf.event->body_case < LIANDAN__EVENT__BODY_WASTE_GENERATED)
		ld_keyring_clear(a->ring);
	if ((index + 1) % AUDIT_COMMIT_EVERY == 0)
		err = ld_state_commit(a->state, index + 1);
	return err;
}

static int tree_progress(void *ctx, uint64_t done, uint64_t total)
{
	const struct audit *a = ctx;
	if (a->cli->tty && isatty(STDERR_FILENO))
		fprintf(stderr, "\rtree: %llu of %llu", (unsigned long long)done,
			(unsigned long long)total);
	return 0;
}

static void entry_progress(const struct audit *a, uint64_t i)
{
	if (i % AUDIT_PROGRESS_EVERY == 0 && a->cli->tty && isatty(STDERR_FILENO))
		fprintf(stderr, "\rsignatures: %llu of %llu", (unsigned long long)i,
			(unsigned long long)a->size);
}

static int print_result(struct audit *a, const struct ld_core_audit *tree, bool good)
{
	char root[2 * LD_HASH_BYTES + 1];
	ld_hex_encode(tree->root.b, LD_HASH_BYTES, root);
	if (a->cli->json) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddBoolToObject(o, "good", good);
		ld_json_i64(o, "size", (int64_t)a->size);
		cJSON_AddStringToObject(o, "root", root);
		ld_json_i64(o, "tile_rows", (int64_t)tree->tile_rows);
		ld_json_i64(o, "checkpoints", (int64_t)tree->checkpoints);
		ld_json_i64(o, "signed_events", (int64_t)a->events);
		ld_json_i64(o, "signatures", (int64_t)a->signatures);
		ld_json_i64(o, "own_events", (int64_t)a->own);
		ld_json_i64(o, "accepted", (int64_t)a->verdict[LIANDAN__VERDICT__ACCEPTED]);
		ld_json_i64(o, "held", (int64_t)a->verdict[LIANDAN__VERDICT__HELD]);
		ld_json_i64(o, "refused", (int64_t)a->verdict[LIANDAN__VERDICT__REFUSED]);
		cJSON_AddStringToObject(o, "vkey", a->book.vkey);
		if (!good)
			cJSON_AddStringToObject(o, "fault", a->why);
		ld_print_json(o);
	} else if (good) {
		printf("good 审计通过: %llu entries, root %s\n"
		       "  tree: every leaf, %llu tile rows and %llu checkpoints computed again\n"
		       "  events: %llu signed (%llu accepted, %llu held, %llu refused), %llu "
		       "signatures "
		       "verified, chains contiguous\n"
		       "  the ledger's own: %llu, each about what is there\n"
		       "  ledger key: %s\n  (compare it with the vkey that you were given)\n",
		       (unsigned long long)a->size, root, (unsigned long long)tree->tile_rows,
		       (unsigned long long)tree->checkpoints, (unsigned long long)a->events,
		       (unsigned long long)a->verdict[LIANDAN__VERDICT__ACCEPTED],
		       (unsigned long long)a->verdict[LIANDAN__VERDICT__HELD],
		       (unsigned long long)a->verdict[LIANDAN__VERDICT__REFUSED],
		       (unsigned long long)a->signatures, (unsigned long long)a->own, a->book.vkey);
	}
	return good ? LD_EXIT_DONE : LD_EXIT_FAILED;
}

static int audit(struct audit *a)
{
	struct ld_core_audit *tree = calloc(1, sizeof(*tree));
	if (!tree)
		return ld_fail(a->cli, "free some memory", "out of memory");
	enum ld_err err = ld_core_audit(a->book.reader, &a->book.key, tree_progress, a, tree);
	a->size = tree->size;
	if (err != LD_OK)
		snprintf(a->why, sizeof(a->why), "%s", tree->problem);
	for (uint64_t i = 0; err == LD_OK && i < a->size; i++) {
		err = check_entry(a, i);
		entry_progress(a, i);
		if (err != LD_OK) {
			char what[400];
			memcpy(what, a->why, sizeof(what));
			snprintf(a->why, sizeof(a->why), "entry %llu: %.300s",
				 (unsigned long long)i, what);
		}
	}
	if (a->cli->tty && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (err != LD_OK)
		fprintf(stderr,
			"liandan: NOT good 审计不通过: %s\n"
			"  next: keep this copy as it is; compare it with a backup, a witness's "
			"checkpoint "
			"or the anchor\n",
			a->why);
	int code = print_result(a, tree, err == LD_OK);
	free(tree);
	return code;
}

int ld_cmd_ledger_audit(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "ledger");
	const char *anchor = NULL;
	struct audit a;
	const struct ld_opt opts[] = {{"anchor", LD_OPT_TEXT, &anchor}, {NULL, LD_OPT_FLAG, NULL}};
	int code = LD_EXIT_DONE;
	memset(&a, 0, sizeof(a));
	a.cli = cli;
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (argc != 2)
		return ld_usage(command, "ledger audit DIR");
	code = ld_book_open(cli, argv[1], anchor, &a.book);
	if (code != LD_EXIT_DONE)
		return code;
	a.ring = ld_keyring_new();
	if (!a.ring || ld_arena_init(&a.open_arena, LD_MAX_ARENA_BYTES) != 0 ||
	    ld_arena_init(&a.apply_arena, 4 * LD_MAX_ARENA_BYTES) != 0 ||
	    ld_state_open_scratch(&a.state) != LD_OK) {
		code =
		    ld_fail(cli, "free some memory, and room in TMPDIR", "the audit cannot begin");
	} else {
		a.custody.state = a.state;
		a.custody.arena = &a.apply_arena;
		a.custody.rules = &ld_rules_cn;
		a.custody.region = a.book.region;
		memcpy(a.custody.ledger_id, a.book.ledger_id, LD_HASH_BYTES);
		code = audit(&a);
		ld_custody_forget(&a.custody);
	}
	ld_keyring_free(a.ring);
	if (a.state)
		ld_state_close(a.state);
	ld_arena_free(&a.open_arena);
	ld_arena_free(&a.apply_arena);
	ld_book_close(&a.book);
	return code;
}
