/* send: sign once, keep on disk, send until each event has its receipt. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "deploy/cli/ask.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/content.h"
#include "deploy/cli/events.h"
#include "deploy/cli/net.h"
#include "deploy/cli/report.h"
#include "deploy/cli/signer.h"
#include "deploy/cli/spool.h"
#include "proto/base64.h"

struct note { /* what this run knows beside the spooled bytes */
	uint64_t seq;
	char *where, *label;
};

struct send {
	struct ld_cli *cli;
	struct ld_net net;
	struct ld_list cosign;
	const char *spool_dir, *receipts;
	int64_t timeout_s;
	bool set_aside;

	cJSON *events;
	struct ld_key *cosigner[LD_MAX_COSIGNERS];
	struct ld_arena arena;
	struct ld_labels labels;
	struct ld_contents contents;
	struct ld_signer signer;
	struct ld_spool *spool;
	struct ld_ask ask;
	struct note *notes;
	size_t n_notes;
	size_t accepted, held, refused, recorded; /* recorded: in the ledger, verdict not told */
	bool stuck, broken;			  /* broken: the spool could not be kept in order */
	int64_t deadline;
};

/* ---- what comes back ---- */

static const struct note *note_of(const struct send *s, uint64_t seq)
{
	for (size_t i = 0; i < s->n_notes; i++)
		if (s->notes[i].seq == seq)
			return &s->notes[i];
	return NULL;
}

static void report(struct send *s, const struct ld_sent *sent, const struct ld_spooled *e)
{
	struct ld_report r;
	const struct note *note = note_of(s, sent->tag);
	ld_report_of_receipt(sent->receipt, &r);
	r.where = note ? note->where : NULL;
	r.label = note ? note->label : NULL;
	r.body = e ? e->body : "?";
	r.seq = sent->tag;
	r.proof = sent->proof == LD_OK		    ? "verified"
		  : sent->proof == LD_ERR_NOT_FOUND ? "none"
						    : "DOES NOT VERIFY";
	r.covered = sent->covered;
	if (sent->covered)
		r.event_hash = e ? e->hash : NULL;
	ld_report_print(s->cli, &r);
}

/* <receipts>/<index>.json: all that `ledger verify` needs. */
static void save_receipt(struct send *s, const struct ld_sent *sent)
{
	char path[4096], why[512];
	char *receipt = malloc(LD_BASE64_CAP(sent->receipt_len));
	char *envelope = malloc(LD_BASE64_CAP(sent->len));
	cJSON *o = cJSON_CreateObject();
	char *text = NULL;
	if (receipt && envelope && o) {
		ld_base64_encode(sent->receipt_bytes, sent->receipt_len, receipt);
		ld_base64_encode(sent->bytes, sent->len, envelope);
		cJSON_AddStringToObject(o, "receipt", receipt);
		cJSON_AddStringToObject(o, "envelope", envelope);
		text = cJSON_PrintUnformatted(o);
	}
	snprintf(path, sizeof(path), "%s/%llu.json", s->receipts,
		 (unsigned long long)sent->receipt->index);
	if (!text || ld_file_write(path, text, strlen(text), false, why, sizeof(why)) != LD_OK)
		fprintf(stderr, "liandan: the receipt could not be saved as %s\n", path);
	cJSON_free(text);
	cJSON_Delete(o);
	free(receipt);
	free(envelope);
}

static void on_receipt(void *ctx, struct ld_client *c, const struct ld_sent *sent)
{
	struct send *s = ctx;
	char why[512] = "";
	const struct ld_spooled *e = ld_spool_find(s->spool, s->signer.epoch, sent->tag);
	(void)c;
	report(s, sent, e);
	if (sent->covered)
		s->recorded++;
	else if (sent->receipt->verdict == LIANDAN__VERDICT__REFUSED)
		s->refused++;
	else if (sent->receipt->verdict == LIANDAN__VERDICT__HELD)
		s->held++;
	else
		s->accepted++;
	if (s->receipts && !sent->covered && sent->proof == LD_OK)
		save_receipt(s, sent);
	if (e && ld_spool_done(s->spool, e->epoch, e->seq, why, sizeof(why)) != LD_OK) {
		s->broken = true;
		fprintf(stderr, "liandan: %s\n", why);
	}
}

static void on_stuck(void *ctx, struct ld_client *c, const struct ld_sent *sent)
{
	struct send *s = ctx;
	(void)c;
	s->stuck = true;
	report(s, sent, ld_spool_find(s->spool, s->signer.epoch, sent->tag));
}

static void on_down(void *ctx, struct ld_client *c, const char *why, bool final)
{
	struct send *s = ctx;
	(void)c;
	if (final)
		s->ask.final = true;
	fprintf(stderr, "liandan: %s%s\n", why, final ? "" : "; trying again");
}

/* ---- preparing ---- */

static bool remember(struct send *s, uint64_t seq, const cJSON *item, const char *label)
{
	struct note *n = &s->notes[s->n_notes];
	n->seq = seq;
	n->where = strdup(ld_event_where(item));
	n->label = label ? strdup(label) : NULL;
	s->n_notes++;
	return n->where && (n->label || !label);
}

/* One event: read, completed, sealed, on disk. Nothing is signed before everything about it is
 * known. */
static enum ld_err prepare(struct send *s, cJSON *item, char *why, size_t cap)
{
	Liandan__Event *event = NULL;
	const char *label = NULL, *key_file = NULL;
	struct ld_gate_fault fault = {0, "", ""};
	char what[512] = "";
	uint8_t *bytes = NULL, hash[LD_HASH_BYTES];
	size_t len = 0, n = s->cosign.n;
	struct ld_signer at = s->signer;
	struct ld_key *new_key = NULL;
	struct ld_key *cosigner[LD_MAX_SIGNATURES];
	ld_arena_reset(&s->arena);
	enum ld_err err =
	    ld_event_of(item, &s->labels, &s->arena, &event, &label, &key_file, why, cap);
	if (err != LD_OK)
		return err;
	memcpy(cosigner, s->cosigner, sizeof(s->cosigner));
	if (key_file) {
		err = ld_event_enrol(event, key_file, &s->arena, &new_key, what, sizeof(what));
		cosigner[n++] = new_key; /* proof of possession */
	}
	if (err == LD_OK)
		err = ld_content_fill(&s->contents, event, n > 0, &s->arena, ld_ask_manifest,
				      &s->ask, what, sizeof(what));
	if (err == LD_OK) {
		err = ld_signer_seal(&s->signer, event, cosigner, n, &bytes, &len, hash, &fault);
		if (err != LD_OK)
			snprintf(what, sizeof(what), "%s: %s", fault.field,
				 fault.what && *fault.what ? fault.what : ld_err_text(err));
	}
	if (err == LD_OK) {
		err = ld_spool_add(s->spool, bytes, len, what, sizeof(what));
		if (err != LD_OK)
			s->signer =
			    at; /* not on disk: as if it had never been signed, nobody has it */
	}
	free(bytes);
	ld_key_free(new_key);
	if (err == LD_OK)
		err = ld_content_note(&s->contents, event, hash);
	if (err == LD_OK && label)
		err = ld_labels_add(&s->labels, label, hash);
	if (err == LD_OK && !remember(s, s->signer.seq, item, label))
		err = LD_ERR_NOMEM;
	if (err != LD_OK)
		snprintf(why, cap, "%s: %s", ld_event_where(item), *what ? what : ld_err_text(err));
	return err;
}

/* Where the chain stands: the ledger is asked, and held against what the spool knows. */
static int find_place(struct send *s)
{
	char body[64], hex[2 * LD_KEY_ID_BYTES + 1], why[512];
	cJSON *json = NULL;
	uint32_t epoch;
	uint64_t seq;
	uint8_t prev[LD_HASH_BYTES];
	bool known = ld_spool_chain(s->spool, &epoch, &seq, prev);
	ld_hex_encode(ld_key_id(s->signer.key), LD_KEY_ID_BYTES, hex);
	int n = snprintf(body, sizeof(body), "{\"key_id\":\"%s\"}", hex);
	enum ld_err err = ld_ask(&s->ask, "signer", body, (size_t)n, &json, why, sizeof(why));
	if (err != LD_OK)
		return ld_fail(s->cli,
			       err == LD_ERR_NOT_FOUND
				   ? "have an authority enrol the key"
				   : "nothing is lost: run the command again later",
			       "where this key's chain stands: %s", why);
	char *text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	err = text ? ld_signer_at(&s->signer, text, strlen(text)) : LD_ERR_NOMEM;
	cJSON_free(text);
	if (err != LD_OK)
		return ld_fail(s->cli,
			       "the broker's plugin is of another version than this command",
			       "the answer to query/signer cannot be read");
	if (known && ld_spool_count(s->spool) == 0 && s->signer.epoch == epoch &&
	    s->signer.seq < seq)
		return ld_fail(
		    s->cli, "tell the authority: the ledger was put back, or this is another one",
		    "the ledger ends at event %llu of this key; it gave a receipt for %llu",
		    (unsigned long long)s->signer.seq, (unsigned long long)seq);
	if (ld_spool_count(s->spool) > 0) { /* the new ones follow those that wait */
		s->signer.epoch = epoch;
		s->signer.seq = seq;
		memcpy(s->signer.prev, prev, LD_HASH_BYTES);
	} else if (ld_spool_learn(s->spool, s->signer.epoch, s->signer.seq, s->signer.prev, why,
				  sizeof(why)) != LD_OK) {
		return ld_fail(s->cli, "make room or mend the disk", "%s", why);
	}
	return LD_EXIT_DONE;
}

/* Not connected: the spool alone may know where to go on. */
static bool place_offline(struct send *s)
{
	return ld_spool_chain(s->spool, &s->signer.epoch, &s->signer.seq, s->signer.prev);
}

static int prepare_all(struct send *s)
{
	char why[768];
	size_t n = (size_t)cJSON_GetArraySize(s->events);
	s->notes = calloc(n ? n : 1, sizeof(*s->notes));
	for (cJSON *item = s->events->child; item && s->notes; item = item->next)
		if (prepare(s, item, why, sizeof(why)) != LD_OK)
			return ld_fail(
			    s->cli,
			    "mend it; events before it are in the spool and are sent by the next "
			    "run: do not give them again",
			    "%s", why);
	return s->notes ? LD_EXIT_DONE : ld_fail(s->cli, "free some memory", "out of memory");
}

/* ---- sending ---- */

static int queue_all(struct send *s)
{
	for (size_t i = 0; i < ld_spool_count(s->spool); i++) {
		const struct ld_spooled *e = ld_spool_at(s->spool, i);
		if (ld_client_queue(s->ask.client, e->lane, e->bytes, e->len, e->seq) != LD_OK)
			return ld_fail(s->cli, "free some memory", "out of memory");
	}
	return LD_EXIT_DONE;
}

static int verdict_of_run(struct send *s)
{
	size_t moved = 0, waiting = ld_spool_count(s->spool);
	char why[512];
	if (s->stuck && s->set_aside) {
		if (ld_spool_set_aside(s->spool, &moved, why, sizeof(why)) != LD_OK)
			return ld_fail(s->cli, "look at the spool directory", "%s", why);
		fprintf(stderr,
			"liandan: %zu events set aside in %s/aside: they are kept and will not be "
			"sent\n"
			"  next: send them anew from their JSON, once mended\n",
			moved, s->spool_dir);
		return LD_EXIT_REFUSED;
	}
	if (!s->cli->json)
		printf(
		    "%zu accepted, %zu held, %zu refused, %zu in the ledger without a receipt of "
		    "their own, %zu waiting in %s\n",
		    s->accepted, s->held, s->refused, s->recorded, waiting, s->spool_dir);
	if (s->refused || s->stuck)
		return LD_EXIT_REFUSED;
	if (waiting || s->broken)
		return ld_fail(
		    s->cli,
		    "run `liandan send` again with the same key and without these files: they are "
		    "signed and kept",
		    "%zu events have no receipt yet", waiting);
	return LD_EXIT_DONE;
}

static int send_all(struct send *s)
{
	enum ld_err err = ld_ask_ready(&s->ask, s->deadline);
	int code = LD_EXIT_DONE;
	if (err == LD_OK)
		code = find_place(s);
	else if (err == LD_ERR_REFUSED)
		return ld_fail(s->cli, "check --client and --key: is the key enrolled?",
			       "the broker does not let this client in: nothing was signed");
	else if (!place_offline(s))
		return ld_fail(
		    s->cli, "check --broker, and that it runs",
		    "not connected, and this key's chain is not known yet: nothing was signed");
	if (code == LD_EXIT_DONE)
		code = prepare_all(s);
	if (code == LD_EXIT_DONE || ld_spool_count(s->spool) > 0) {
		int queued = queue_all(s);
		code = code == LD_EXIT_DONE ? queued : code;
	}
	while (ld_client_queued(s->ask.client) > 0 && !s->stuck && !s->ask.final &&
	       ld_loop_now() < s->deadline && ld_loop_step(s->ask.loop, 100) == LD_OK)
		;
	int verdict = verdict_of_run(s);
	return verdict == LD_EXIT_DONE ? code : verdict;
}

static int open_all(struct send *s, char **files, int n)
{
	char why[768];
	struct ld_client_options opt;
	s->events = cJSON_CreateArray();
	for (int i = 0; i < n; i++)
		if (ld_events_read(files[i], s->events, why, sizeof(why)) != LD_OK)
			return ld_fail(s->cli, "mend the file; nothing was signed", "%s", why);
	if (ld_arena_init(&s->arena, LD_MAX_ARENA_BYTES) != 0 || ld_loop_new(&s->ask.loop) != LD_OK)
		return ld_fail(s->cli, "free some memory", "out of memory");
	if (ld_events_check(s->events, &s->arena, why, sizeof(why)) != LD_OK)
		return ld_fail(s->cli, "mend the file; nothing was signed", "%s", why);
	for (size_t i = 0; i < s->cosign.n; i++)
		if (ld_key_file(s->cosign.item[i], &s->cosigner[i], why, sizeof(why)) != LD_OK)
			return ld_fail(s->cli, "give the cosigner's private key", "%s", why);
	if (s->receipts && mkdir(s->receipts, 0700) != 0 && errno != EEXIST)
		return ld_fail(s->cli, "choose another --receipts", "%s: %s", s->receipts,
			       strerror(errno));
	if (ld_spool_open(s->spool_dir, s->net.key_path, ld_key_id(s->net.key), &s->spool, why,
			  sizeof(why)) != LD_OK)
		return ld_fail(s->cli, "nothing was signed or sent", "%s", why);
	ld_net_client_options(&s->net, &opt);
	opt.ctx = s;
	opt.calls.receipt = on_receipt;
	opt.calls.stuck = on_stuck;
	opt.calls.down = on_down;
	enum ld_err err = ld_client_new(s->ask.loop, &opt, &s->ask.client);
	if (err == LD_ERR_CONFIG)
		return ld_fail(s->cli, "add --cafile FILE (or --tls)",
			       "a token is a password: it goes over TLS, or to this very machine");
	if (err != LD_OK)
		return ld_fail(s->cli, "check --broker, --client and the vkey of --ledger", "%s",
			       ld_err_text(err));
	s->signer.key = s->net.key;
	s->signer.ledger = s->net.id;
	return LD_EXIT_DONE;
}

static void close_all(struct send *s)
{
	ld_loop_free(s->ask.loop);
	ld_spool_close(s->spool);
	ld_labels_free(&s->labels);
	ld_contents_free(&s->contents);
	ld_arena_free(&s->arena);
	for (size_t i = 0; i < LD_MAX_COSIGNERS; i++)
		ld_key_free(s->cosigner[i]);
	for (size_t i = 0; i < s->n_notes; i++) {
		free(s->notes[i].where);
		free(s->notes[i].label);
	}
	free(s->notes);
	cJSON_Delete(s->events);
	ld_net_free(&s->net);
}

int ld_cmd_send(struct ld_cli *cli, int argc, char **argv)
{
	const struct ld_command *command = ld_command_find(ld_commands, "send");
	struct send s;
	char spool_dir[4096];
	memset(&s, 0, sizeof(s));
	s.cli = cli;
	s.timeout_s = 60;
	const struct ld_opt opts[] = {
	    LD_NET_OPTIONS(s.net),
	    {"cosign", LD_OPT_LIST, &s.cosign},
	    {"spool", LD_OPT_TEXT, &s.spool_dir},
	    {"receipts", LD_OPT_TEXT, &s.receipts},
	    {"timeout", LD_OPT_INT, &s.timeout_s},
	    {"set-aside", LD_OPT_FLAG, &s.set_aside},
	    {NULL, LD_OPT_FLAG, NULL},
	};
	int code = LD_EXIT_DONE;
	if (!ld_options(cli, command, opts, &argc, argv, &code))
		return code;
	if (s.cosign.n > LD_MAX_COSIGNERS)
		return ld_usage(command, "at most %d cosigners", LD_MAX_COSIGNERS);
	if (!s.net.key_path)
		return ld_usage(command, "--key FILE is needed: events are signed with it");
	if (!s.spool_dir) {
		snprintf(spool_dir, sizeof(spool_dir), "%s.spool", s.net.key_path);
		s.spool_dir = spool_dir;
	}
	s.deadline = ld_loop_now() + s.timeout_s * 1000;
	code = ld_net_ready(cli, command, &s.net);
	if (code == LD_EXIT_DONE)
		code = open_all(&s, argv + 1, argc - 1);
	if (code == LD_EXIT_DONE)
		code = send_all(&s);
	close_all(&s);
	return code;
}
