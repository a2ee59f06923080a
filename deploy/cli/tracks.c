/* liandan tracks: recorded positions as signed tracks, in the order in which they once arrived. */
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/tracks.h"
#include "proto/verdict.h"

static const char help[] =
    "usage: liandan tracks FILE.csv --vehicle-col C --time-col C --lat-col C --lon-col C "
    "[options]\n"
    "                      --broker HOST:PORT --ledger FILE --key FILE --client PARTY/DEVICE\n"
    "\n"
    "Every vehicle becomes a device of its own with its own key, registered by the authority that "
    "--key and\n"
    "--client name. Fixes are sent in the order of their arrival, as fast as receipts come. Late, "
    "stuck and odd\n"
    "times are sent as they are: nothing is refused for them. One line of the file that cannot be "
    "read stops\n"
    "everything before anything is sent.\n"
    "  --arrival-col C       when a fix once arrived; decides the order (default: its own time)\n"
    "  --time-format F       strptime's (default %Y-%m-%d %H:%M:%S); or epoch, epoch-ms, iso\n"
    "  --tz ZONE             of the fix times: UTC (default) or +HH:MM; --arrival-tz: of the "
    "arrivals\n"
    "  --group N             fixes in one track (1 to 500, default 20)\n"
    "  --gap SECONDS         a track holds at most this much of arrivals (default 600)\n"
    "  --rate N              N recorded seconds a second, instead of as fast as possible\n"
    "  --as-recorded         do not shift times so that the last arrival is now\n"
    "  --carrier PARTY       whose vehicles they are (default fleet)\n"
    "  --keys DIR            keep the terminals' keys, and use them again\n"
    "  --registered          vehicles and terminals are registered already; keys are in --keys\n"
    "  --report FILE         what came of it, as JSON\n" LD_NET_HELP "\n"
    "Exit 0: every track has its receipt and none was refused.\n"
    "\n"
    "example:\n"
    "  liandan tracks trucks.csv --vehicle-col vehicle --time-col fix_time_local --tz -05:00 "
    "--lat-col lat \\\n"
    "    --lon-col lon --arrival-col first_seen_poll_utc --broker localhost:8883 --cafile ca.pem "
    "\\\n"
    "    --ledger region.json --key bureau-registry.pem --client bureau/registry\n";

static const struct ld_command command = {"tracks", ld_cmd_tracks,
					  "turn recorded positions into track events", help};

static cJSON *result_json(const struct ld_tracks_data *d, const struct ld_tracks_result *r, bool ok)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddBoolToObject(o, "ok", ok);
	cJSON_AddNumberToObject(o, "vehicles", (double)d->n_vehicles);
	cJSON_AddNumberToObject(o, "fixes", (double)r->fixes);
	cJSON_AddNumberToObject(o, "tracks", (double)r->tracks);
	cJSON *v = cJSON_AddObjectToObject(o, "verdicts");
	for (int i = 1; i < 32; i++)
		if (r->verdicts[i])
			cJSON_AddNumberToObject(v, ld_verdict_name((Liandan__Verdict)i),
						(double)r->verdicts[i]);
	cJSON_AddNumberToObject(o, "receipts_verified", (double)r->verified);
	cJSON_AddNumberToObject(o, "receipts_not_verified", (double)r->unverified);
	cJSON_AddNumberToObject(o, "covered_by_later_receipts", (double)r->covered);
	cJSON_AddNumberToObject(o, "unreceipted", (double)r->unreceipted);
	cJSON *a = cJSON_AddArrayToObject(o, "anomalies");
	for (int k = 0; k < 10; k++)
		for (int l = 0; l < 5; l++) {
			if (r->anomalies[k][l] == 0)
				continue;
			cJSON *one = cJSON_CreateObject();
			const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(
			    &liandan__anomaly_kind__descriptor, k);
			cJSON_AddStringToObject(one, "kind", name ? name->name : "?");
			cJSON_AddNumberToObject(one, "level", l);
			cJSON_AddNumberToObject(one, "count", (double)r->anomalies[k][l]);
			cJSON_AddItemToArray(a, one);
		}
	cJSON_AddNumberToObject(o, "seconds", (double)r->took_ms / 1000.0);
	cJSON_AddNumberToObject(o, "slowest_receipt_ms", (double)r->slowest_ms);
	ld_json_i64(o, "times_shifted_by_ms", r->shift_ms);
	return o;
}

static void print_result(const struct ld_tracks_data *d, const struct ld_tracks_result *r)
{
	printf("%zu vehicles, %llu fixes in %llu tracks, %.1f s\n", d->n_vehicles,
	       (unsigned long long)r->fixes, (unsigned long long)r->tracks,
	       (double)r->took_ms / 1000.0);
	for (int i = 1; i < 32; i++)
		if (r->verdicts[i])
			printf("  %-16s %llu\n", ld_verdict_name((Liandan__Verdict)i),
			       (unsigned long long)r->verdicts[i]);
	printf("receipts 回执: %llu verified, %llu not; %llu tracks without one; slowest %lld ms\n",
	       (unsigned long long)r->verified, (unsigned long long)r->unverified,
	       (unsigned long long)r->unreceipted, (long long)r->slowest_ms);
	bool any = false;
	for (int k = 0; k < 10; k++)
		for (int l = 0; l < 5; l++) {
			const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(
			    &liandan__anomaly_kind__descriptor, k);
			if (r->anomalies[k][l])
				printf("  anomaly 异常 %s level %d: %llu\n",
				       name ? name->name : "?", l,
				       (unsigned long long)r->anomalies[k][l]);
			any = any || r->anomalies[k][l];
		}
	if (!any)
		printf("  no anomalies 无异常\n");
}

static int finish(struct ld_cli *cli, const struct ld_tracks_options *opt,
		  const struct ld_tracks_data *d, const struct ld_tracks_result *r)
{
	char why[400];
	bool ok = r->unreceipted == 0 && r->unverified == 0;

	for (int i = LIANDAN__VERDICT__HELD; i < 32; i++)
		ok = ok && r->verdicts[i] == 0;
	cJSON *o = result_json(d, r, ok);
	char *text = opt->report ? cJSON_Print(o) : NULL;
	if (text && ld_file_write(opt->report, text, strlen(text), false, why, sizeof(why)))
		ok = ld_fail(cli, "name a file that can be written", "%s", why) == LD_EXIT_DONE;
	free(text);
	if (cli->json)
		ld_print_json(o);
	else
		cJSON_Delete(o);
	if (!cli->json)
		print_result(d, r);
	return ok ? LD_EXIT_DONE : LD_EXIT_FAILED;
}

static int tracks(struct ld_cli *cli, struct ld_net *net, const struct ld_tracks_columns *cols,
		  const struct ld_tracks_options *opt, const char *path)
{
	struct ld_tracks_data data;
	struct ld_tracks_result result;
	char *text = NULL;
	size_t len = 0;
	char why[400];

	if (ld_file_read(path, &text, &len, why, sizeof(why)))
		return ld_fail(cli, "name a CSV file", "%s", why);
	enum ld_err err = ld_tracks_read(text, len, cols, &data, why, sizeof(why));
	free(text);
	if (err)
		return ld_fail(cli, "mend the file or name other columns; nothing was sent",
			       "%s: %s", path, why);
	int code = LD_EXIT_FAILED;
	if (data.n_fixes == 0)
		ld_fail(cli, "name another file", "%s has no records", path);
	else if (ld_tracks_send(cli, net, opt, &data, &result, why, sizeof(why)))
		ld_fail(cli, "read the broker's log; what has a receipt stays in the ledger", "%s",
			why);
	else
		code = finish(cli, opt, &data, &result);
	ld_tracks_free(&data);
	return code;
}

int ld_cmd_tracks(struct ld_cli *cli, int argc, char **argv)
{
	struct ld_net net = {0};
	struct ld_tracks_columns cols = {0};
	struct ld_tracks_options opt = {.carrier = "fleet"};
	int64_t group = 20;
	int64_t gap_s = 600;
	int code = LD_EXIT_DONE;
	const struct ld_opt opts[] = {LD_NET_OPTIONS(net),
				      {"authority-key", LD_OPT_TEXT, &net.key_path},
				      {"authority-client", LD_OPT_TEXT, &net.client},
				      {"vehicle-col", LD_OPT_TEXT, &cols.vehicle},
				      {"time-col", LD_OPT_TEXT, &cols.time},
				      {"lat-col", LD_OPT_TEXT, &cols.lat},
				      {"lon-col", LD_OPT_TEXT, &cols.lon},
				      {"arrival-col", LD_OPT_TEXT, &cols.arrival},
				      {"time-format", LD_OPT_TEXT, &cols.time_format},
				      {"tz", LD_OPT_TEXT, &cols.tz},
				      {"arrival-tz", LD_OPT_TEXT, &cols.arrival_tz},
				      {"group", LD_OPT_INT, &group},
				      {"gap", LD_OPT_INT, &gap_s},
				      {"rate", LD_OPT_INT, &opt.rate},
				      {"as-recorded", LD_OPT_FLAG, &opt.as_recorded},
				      {"carrier", LD_OPT_TEXT, &opt.carrier},
				      {"keys", LD_OPT_TEXT, &opt.keys_dir},
				      {"registered", LD_OPT_FLAG, &opt.expect},
				      {"report", LD_OPT_TEXT, &opt.report},
				      {NULL, LD_OPT_FLAG, NULL}};

	if (!ld_options(cli, &command, opts, &argc, argv, &code))
		return code;
	if (argc != 2 || !cols.vehicle || !cols.time || !cols.lat || !cols.lon)
		return ld_usage(&command, "a CSV file and the names of its columns are needed");
	if (group < 1 || group > LD_TRACKS_MAX_GROUP || gap_s < 1 || gap_s > 86400 ||
	    opt.rate < 0 || opt.rate > 1000000)
		return ld_usage(&command,
				"--group is 1 to 500, --gap 1 to 86400, --rate 1 to 1000000");
	opt.group = (size_t)group;
	opt.gap_ms = gap_s * 1000;
	code = ld_net_ready(cli, &command, &net);
	if (code == LD_EXIT_DONE)
		code = tracks(cli, &net, &cols, &opt, argv[1]);
	ld_net_free(&net);
	return code;
}
