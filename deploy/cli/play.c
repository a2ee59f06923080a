/* liandan play: lives through a DAY against a running broker, with real devices. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play.h"
#include "proto/base64.h"

#define STEP_MS 5 /* of the loop while playing */
#define CONNECT_TIMEOUT_MS 60000
#define SETTLE_MS 30000 /* after the day: outboxes empty */
#define AFTER_MS 3000	/* and a little longer, for what is still being told */

static const char help[] =
    "usage: liandan play DAY --broker HOST:PORT --ledger FILE --key FILE --client PARTY/DEVICE "
    "[options]\n"
    "\n"
    "Registers the day's parties, keys, trucks, licences and scales as the authority that --key "
    "and\n"
    "--client name, then lives through the day: every truck, scale and clerk is a device of its "
    "own with\n"
    "its own key and connection. Says which planted cheats the ledger found and what else "
    "rose.\n" LD_NET_HELP "  --authority-key FILE     the same as --key\n"
    "  --authority-client P/D   the same as --client\n"
    "  --report FILE            everything, as JSON\n"
    "  --keys DIR               keep the devices' keys there, and use them again in a later play\n"
    "  --speed N|max            play N times real time instead of at the ledger's own rate\n"
    "  --check                  only read the DAY and print the plan\n"
    "\n"
    "Exit 0: every planted cheat was found and nothing else rose above level 1. The format of a "
    "DAY:\n"
    "tests/days/README.md.\n"
    "\n"
    "example:\n"
    "  liandan play tests/days/demo.day --broker localhost:8883 --cafile ca.pem --ledger "
    "region.json \\\n"
    "    --key bureau-registry.pem --client bureau/registry --report report.json\n";

static const struct ld_command command = {
    "play", ld_cmd_play, "simulate a day of trucks, scales and sites against a broker", help};

static volatile sig_atomic_t stop_asked;

static void on_signal(int sig)
{
	(void)sig;
	stop_asked = 1;
}

/* ---- the plan, for people ---- */

static void print_plan(const struct ld_day *day, const struct ld_sim *sim)
{
	char a[8];
	char b[8];
	char c[8];

	printf("%s %s\nrate %u\n%s to %s, plan ends %s; %zu trucks, %zu trips\n", day->zh, day->en,
	       day->rate, ld_play_clock(sim->from_ms, a),
	       ld_play_clock((int64_t)day->to_s * 1000, b), ld_play_clock(sim->end_ms, c),
	       day->n_trucks, day->n_trips);
	for (size_t i = 0; i < day->n_trips; i++) {
		const struct ld_sim_trip *t = &sim->trips[i];
		const struct ld_sim_trip *lead = &sim->trips[t->leader];
		printf("  %-10s %-12s %s at the origin, %s leaves, ", day->trips[i].id,
		       day->trips[i].truck.id, ld_play_clock(t->origin_ms, a),
		       ld_play_clock(t->leave_ms, b));
		if (lead->arrive_ms)
			printf("%s arrives", ld_play_clock(lead->arrive_ms, c));
		else
			printf("does not arrive");
		if (t->second)
			printf(" on %s (changed over %s)", t->second->truck.id,
			       ld_play_clock(t->changed_ms, a));
		printf("%s%s%s\n", t->cheat ? "  [" : "",
		       t->cheat ? ld_day_word_name(t->cheat->word) : "", t->cheat ? "]" : "");
	}
}

/* ---- living through it ---- */

static enum ld_err make_trips(struct ld_play *p)
{
	p->trips = calloc(p->day->n_trips + 1, sizeof(*p->trips));
	p->terminals = calloc(p->day->n_trucks + 1, sizeof(*p->terminals));
	p->cheats = calloc(p->day->n_acts + 1, sizeof(*p->cheats));
	p->anomalies = calloc(LD_PLAY_ANOMALIES, sizeof(*p->anomalies));
	if (!p->trips || !p->terminals || !p->cheats || !p->anomalies)
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < p->day->n_trips; i++) {
		ld_uuid7(p->trips[i].manifest);
		ld_hex_encode(p->trips[i].manifest, LD_UUID_BYTES, p->trips[i].hex);
		for (size_t k = 0; k < 2; k++) {
			ld_uuid7(p->trips[i].child[k]);
			ld_hex_encode(p->trips[i].child[k], LD_UUID_BYTES,
				      p->trips[i].child_hex[k]);
		}
	}
	for (size_t i = 0; i < p->day->n_acts; i++)
		if (ld_day_is_cheat(p->day->acts[i].word))
			p->cheats[p->n_cheats++].act = &p->day->acts[i];
	for (size_t i = 0; i < p->day->n_trucks; i++)
		p->terminals[i] = (struct ld_play_terminal){
		    .device = ld_play_device(p, LD_DEVICE_TERMINAL, (int)i),
		    .next_fix_ms = p->sim->from_ms + (int64_t)i * 1700,
		    .boot_ms = p->sim->from_ms - 3600000,
		    .boot = 1,
		    .gap = LIANDAN__GAP_CAUSE__GAP_CAUSE_NONE,
		    .pending_gap = LIANDAN__GAP_CAUSE__GAP_CAUSE_NONE};
	p->random = p->day->seed;
	snprintf(p->tag, sizeof(p->tag), "%08x", (unsigned)(ld_wall_ms() / 1000));
	return LD_OK;
}

/* Each has been let in once. Not all at a time: a broker that dies and comes back lets them in one
 * by one, and each has its outbox. */
static bool all_let_in(const struct ld_play *p)
{
	for (size_t i = 0; i < p->n_devices; i++)
		if (p->devices[i].client && !ld_client_was_ready(p->devices[i].client))
			return false;
	return true;
}

static enum ld_err connect_all(struct ld_play *p, char *why, size_t cap)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < p->n_devices && !err; i++)
		err = ld_play_connect(p, &p->devices[i]);
	if (err)
		return err;
	/* open/# is retained: what rose while this connection was away is heard on coming back */
	static const char *const filters[] = {"anomaly/#", "open/#", "manifest/#", "refused/#"};
	for (size_t i = 0; i < 4 && !err; i++) {
		char filter[128];
		snprintf(filter, sizeof(filter), "waste/v1/%s/%s", p->net->id.region, filters[i]);
		err = ld_client_subscribe(p->regulator->client, filter);
	}
	if (!err)
		err = ld_client_subscribe(p->regulator->client, "$SYS/broker/liandan/clock");
	int64_t until = ld_loop_now() + CONNECT_TIMEOUT_MS;
	while (!err && !all_let_in(p) && ld_loop_now() < until && !stop_asked)
		err = ld_loop_step(p->loop, 20);
	if (err || all_let_in(p))
		return err;
	for (size_t i = 0; i < p->n_devices; i++)
		if (p->devices[i].client && !ld_client_was_ready(p->devices[i].client)) {
			snprintf(why, cap, "%s cannot connect", p->devices[i].client_id);
			break;
		}
	return LD_ERR_TIMEOUT;
}

/* The step that a trip's own progress makes needless. */
static bool skip(const struct ld_play *p, size_t trip, enum ld_sim_what what)
{
	const struct ld_play_trip *t = &p->trips[trip];
	enum ld_sim_what before = what == LD_STEP_TAKEN	     ? LD_STEP_TAKEN_CHEAT
				  : what == LD_STEP_RECEIVED ? LD_STEP_ATTACK
							     : LD_SIM_WHATS;
	const struct ld_day_act *a = p->sim->trips[trip].cheat;

	if (a && a->word == LD_CHEAT_same_person && t->sent[LD_STEP_ATTACK_TWO]) {
		const struct ld_play_sent *s = &p->sent[t->sent[LD_STEP_ATTACK_TWO] - 1];
		if (s->done && s->verdict == LIANDAN__VERDICT__ACCEPTED &&
		    (what == LD_STEP_WITHDRAWN || what == LD_STEP_OFFERED || what == LD_STEP_TAKEN))
			return true;
	}
	if (before == LD_SIM_WHATS || !t->sent[before] ||
	    (what == LD_STEP_RECEIVED && !(a && a->word == LD_CHEAT_out_of_order)))
		return false;
	const struct ld_play_sent *s = &p->sent[t->sent[before] - 1];
	return s->done &&
	       (s->verdict == LIANDAN__VERDICT__ACCEPTED || s->verdict == LIANDAN__VERDICT__HELD);
}

/* Everybody waits for what was signed before, as people do who look at each other's screens. */
static bool settled(const struct ld_play *p, size_t trip)
{
	const struct ld_play_trip *t = &p->trips[trip];
	const struct ld_play_trip *l = &p->trips[p->sim->trips[trip].leader];

	for (int w = 0; w < LD_SIM_WHATS; w++)
		if (!ld_play_sent_settled(p, t->sent[w]) || !ld_play_sent_settled(p, l->sent[w]))
			return false;
	return true;
}

static bool on_air(const struct ld_play_device *d)
{
	return d && d->client && !d->offline && ld_client_ready(d->client) &&
	       ld_client_queued(d->client) == 0;
}

/* What is put on a connection past its outbox waits until that connection is there. */
static bool grounded(struct ld_play *p, size_t trip, enum ld_sim_what what)
{
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	const struct ld_day_trip *t = &p->day->trips[trip];

	if (!a || what != LD_STEP_ATTACK || ld_play_now(p) >= p->sim->end_ms)
		return false;
	switch (a->word) {
	case LD_CHEAT_replayed_event:
		if (!on_air(ld_play_device(p, LD_DEVICE_CLERK, t->receiver.at)))
			return true;
		return !on_air(ld_play_device(p, LD_DEVICE_DRIVER, t->driver.at));
	case LD_CHEAT_forged_signature:
	case LD_CHEAT_unknown_key:
	case LD_CHEAT_other_ledger:
	case LD_CHEAT_garbage:
		return !on_air(ld_play_device(p, LD_DEVICE_DRIVER, t->driver.at));
	case LD_CHEAT_forked_chain:
		return !on_air(
		    ld_play_device(p, LD_DEVICE_DRIVER, p->sim->trips[trip].brings_driver));
	default:
		return false;
	}
}

/* Nobody says where something goes that he has not heard was refused. */
static bool unheard(const struct ld_play *p, size_t trip, enum ld_sim_what what)
{
	size_t sent = p->trips[trip].sent[LD_STEP_ACCEPTED];

	if (what != LD_STEP_REDIRECTED || !sent || ld_play_now(p) >= p->sim->end_ms)
		return false;
	const struct ld_play_sent *s = &p->sent[sent - 1];
	return !s->covered && s->verdict != LIANDAN__VERDICT__ACCEPTED;
}

static bool play_trips(struct ld_play *p, int64_t now_ms)
{
	bool done = true;

	for (size_t i = 0; i < p->day->n_trips; i++) {
		struct ld_play_trip *t = &p->trips[i];
		const struct ld_sim_trip *st = &p->sim->trips[i];
		while (!t->over && t->next < st->n_steps && st->steps[t->next].at_ms <= now_ms &&
		       settled(p, i) && !grounded(p, i, st->steps[t->next].what) &&
		       !unheard(p, i, st->steps[t->next].what)) {
			struct ld_sim_step s = st->steps[t->next++];
			if (!skip(p, i, s.what) && ld_play_step(p, i, s.what, s.at_ms))
				ld_play_problem(p, "%s %s could not be done", p->day->trips[i].id,
						ld_sim_step_name(s.what));
		}
		done = done && (t->over || t->next == st->n_steps);
	}
	return done;
}

static void tell_hours(struct ld_play *p, int64_t now_ms, int64_t *told_ms)
{
	char zh[160];
	char en[160];

	if (now_ms - *told_ms < 3600000)
		return;
	*told_ms = now_ms / 3600000 * 3600000;
	snprintf(zh, sizeof(zh), "已发送 %zu 条，预设作弊已查获 %zu/%zu", p->n_sent,
		 p->n_cheats - (size_t)(ld_play_all_found(p) ? 0 : p->n_cheats), p->n_cheats);
	size_t found = 0;
	for (size_t i = 0; i < p->n_cheats; i++)
		found += p->cheats[i].found;
	snprintf(zh, sizeof(zh), "… 已发送 %zu 条，查获 %zu/%zu", p->n_sent, found, p->n_cheats);
	snprintf(en, sizeof(en), "  %zu messages sent, %zu of %zu cheats found", p->n_sent, found,
		 p->n_cheats);
	ld_play_say(p, *told_ms, zh, en);
}

static enum ld_err live(struct ld_play *p)
{
	int64_t told = p->sim->from_ms;
	enum ld_err err = LD_OK;
	bool done = false;

	p->playing = true;
	while (!err && !stop_asked) {
		int64_t now = ld_play_now(p);
		int64_t until = now < p->sim->end_ms ? now : p->sim->end_ms;
		ld_play_devices(p, now);
		ld_play_tracks(p, until);
		done = play_trips(p, now);
		tell_hours(p, now, &told);
		if (now >= p->sim->end_ms && done)
			break;
		err = ld_loop_step(p->loop, STEP_MS);
	}
	for (size_t i = 0; i < p->day->n_trucks && !err; i++)
		ld_play_track_flush(p, i, p->sim->end_ms);
	int64_t give_up = ld_loop_now() + SETTLE_MS;
	while (!err && ld_play_unreceipted(p) > 0 && ld_loop_now() < give_up && !stop_asked) {
		ld_play_devices(p, ld_play_now(p));
		err = ld_loop_step(p->loop, STEP_MS);
	}
	give_up = ld_loop_now() + AFTER_MS;
	while (!err && ld_loop_now() < give_up && !stop_asked)
		err = ld_loop_step(p->loop, STEP_MS);
	p->interrupted = p->interrupted || stop_asked;
	return err;
}

/* The day's first minute is the ledger's now; played faster than the ledger's clock it lies in the
 * past, so that nothing is signed for a time to come. */
static void start_clock(struct ld_play *p)
{
	int64_t now = p->clock_ms + (ld_loop_now() - p->clock_mono_ms) * p->rate;

	p->first_ms = now;
	p->day_zero_ms = now - p->sim->from_ms;
	p->began_mono_ms = ld_loop_now();
	if (p->opt.fast > 0)
		p->day_zero_ms -= p->sim->end_ms - p->sim->from_ms;
	if (p->opt.fast > 0 || p->opt.quiet)
		return;
	if (p->rate == 1)
		printf("实时账本：本日将按真实时间播放。\nThis ledger runs in real time: the day "
		       "takes as long as a day.\n");
}

/* Played faster than the ledger's clock, what only a timer finds cannot show. */
static void hide_timers(struct ld_play *p)
{
	for (size_t i = 0; i < p->n_cheats && p->opt.fast > 0; i++) {
		enum ld_day_word w = p->cheats[i].act->word;
		if (w != LD_CHEAT_never_arrives && w != LD_CHEAT_unmanifested_pickup)
			continue;
		p->cheats[i].hidden = true;
		if (!p->opt.quiet)
			printf("此速度下计时类作弊无法显现 at this speed a cheat that a timer "
			       "finds cannot "
			       "show: %s\n",
			       p->cheats[i].act->id);
	}
}

static enum ld_err run(struct ld_play *p, char *why, size_t cap)
{
	enum ld_err err = ld_play_devices_make(p, why, cap);

	if (!err)
		err = make_trips(p);
	if (!err)
		err = ld_loop_new(&p->loop);
	if (!err && ld_arena_init(&p->arena, LD_MAX_ARENA_BYTES))
		err = LD_ERR_NOMEM;
	if (err)
		return err;
	if (!p->opt.quiet)
		printf("登记 %zu 家单位、%zu 台设备……\nregistering %zu parties and %zu devices …\n",
		       p->day->n_parties, p->n_devices, p->day->n_parties, p->n_devices);
	err = ld_play_register(p, why, cap);
	if (!err)
		err = connect_all(p, why, cap);
	if (err)
		return err;
	p->registry_waiting = 0;
	start_clock(p);
	hide_timers(p);
	ld_play_devices(p, p->sim->from_ms);
	return live(p);
}

static void clean_up(struct ld_play *p)
{
	ld_loop_free(p->loop);
	for (size_t i = 0; i < p->n_devices; i++) {
		for (size_t k = 0; k < p->devices[i].n_delayed; k++)
			free(p->devices[i].delayed[k].bytes);
		free(p->devices[i].delayed);
		ld_key_free(p->devices[i].key);
	}
	for (size_t i = 0; p->trips && i < p->day->n_trips; i++) {
		free(p->trips[i].created);
		free(p->trips[i].old_bytes);
	}
	free(p->devices);
	free(p->trips);
	free(p->terminals);
	free(p->cheats);
	free(p->anomalies);
	free(p->sent);
	ld_arena_free(&p->arena);
}

static int play(struct ld_cli *cli, struct ld_net *net, const struct ld_play_options *opt,
		const struct ld_day *day, struct ld_sim *sim)
{
	struct ld_play *p = calloc(1, sizeof(*p));
	char why[400] = "";

	if (!p)
		return ld_fail(cli, NULL, "out of memory");
	*p = (struct ld_play){
	    .cli = cli, .net = net, .opt = *opt, .day = day, .sim = sim, .rate = 1};
	p->started_wall_ms = ld_wall_ms();
	struct sigaction sa = {.sa_handler = on_signal};
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	enum ld_err err = run(p, why, sizeof(why));
	int code = err ? ld_fail(cli, "read the broker's log; the ledger keeps what it has", "%s",
				 why[0] ? why : ld_err_text(err))
		       : ld_play_report(p);
	clean_up(p);
	free(p);
	return code;
}

static bool speed_of(const char *text, int64_t *fast)
{
	uint64_t n = 0;

	*fast = 0;
	if (!text)
		return true;
	if (strcmp(text, "max") == 0)
		*fast = 3600;
	else if (ld_parse_u64(text, &n) && n >= 1 && n <= 100000)
		*fast = n == 1 ? 0 : (int64_t)n;
	else
		return false;
	return true;
}

int ld_cmd_play(struct ld_cli *cli, int argc, char **argv)
{
	struct ld_net net = {0};
	struct ld_play_options opt = {0};
	struct ld_day *day = NULL;
	struct ld_sim *sim = NULL;
	struct ld_day_fault fault;
	char why[200];
	int code = LD_EXIT_DONE;
	const struct ld_opt opts[] = {LD_NET_OPTIONS(net),
				      {"authority-key", LD_OPT_TEXT, &net.key_path},
				      {"authority-client", LD_OPT_TEXT, &net.client},
				      {"report", LD_OPT_TEXT, &opt.report},
				      {"keys", LD_OPT_TEXT, &opt.keys_dir},
				      {"speed", LD_OPT_TEXT, &opt.speed},
				      {"check", LD_OPT_FLAG, &opt.check},
				      {NULL, LD_OPT_FLAG, NULL}};

	if (!ld_options(cli, &command, opts, &argc, argv, &code))
		return code;
	if (argc != 2)
		return ld_usage(&command, "one DAY file is needed");
	if (!speed_of(opt.speed, &opt.fast))
		return ld_usage(&command, "--speed is a number from 1 to 100000, or max");
	opt.day_path = argv[1];
	opt.quiet = cli->json;
	if (ld_day_load(argv[1], &day, &fault))
		return ld_fail(cli, "the format is in tests/days/README.md", "%s:%d: %s", argv[1],
			       fault.line, fault.what);
	if (ld_sim_plan(day, &sim, why, sizeof(why)))
		code = ld_fail(cli, "give the trucks less to do", "%s", why);
	else if (opt.check)
		print_plan(day, sim);
	else if ((code = ld_net_ready(cli, &command, &net)) == LD_EXIT_DONE)
		code = play(cli, &net, &opt, day, sim);
	if (!opt.check)
		ld_net_free(&net);
	ld_sim_free(sim);
	ld_day_free(day);
	return code;
}
