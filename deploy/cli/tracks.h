/* Inside `liandan tracks`: recorded positions, and the fleet that sends them. Not for other
 * commands.
 *
 * tracks.c       options, the file, what is printed
 * tracks_read.c  records into fixes, times into milliseconds
 * tracks_send.c  vehicles and terminals are registered, fixes become signed tracks */
#ifndef LD_CLI_TRACKS_H
#define LD_CLI_TRACKS_H

#include "deploy/cli/cli.h"
#include "deploy/cli/net.h"
#include "deploy/cli/signer.h"

#define LD_TRACKS_MAX_VEHICLES 500 /* one connection each */
#define LD_TRACKS_MAX_FIXES 2000000
#define LD_TRACKS_MAX_GROUP 500 /* fixes in one track */

struct ld_tracks_columns {
	const char *vehicle, *time, *lat, *lon, *arrival;
	const char *time_format;     /* strptime's; or epoch, epoch-ms, iso */
	const char *tz, *arrival_tz; /* UTC or +HH:MM */
};

struct ld_tracks_fix {
	uint32_t vehicle;
	uint32_t line;
	int64_t t_ms, arrival_ms; /* as recorded, UTC */
	int32_t lat_e7, lon_e7;
};

struct ld_tracks_data {
	char (*vehicles)[LD_MAX_ID_BYTES + 1];
	size_t n_vehicles;
	struct ld_tracks_fix *fixes; /* in order of arrival */
	size_t n_fixes, room;
};

/* Reads the whole text. A record that cannot be read is an error with its line in why[cap]: nothing
 * is skipped. */
enum ld_err ld_tracks_read(const char *text, size_t len, const struct ld_tracks_columns *cols,
			   struct ld_tracks_data *out, char *why, size_t cap);
void ld_tracks_free(struct ld_tracks_data *d);

struct ld_tracks_options {
	const char *carrier; /* party that the vehicles belong to */
	const char *report;
	size_t group;	  /* fixes in one track */
	int64_t gap_ms;	  /* a longer silence in arrivals begins a new track */
	int64_t rate;	  /* recorded seconds a second; 0: as fast as receipts come */
	bool as_recorded; /* times as they are; else the last arrival is the ledger's now */
	bool expect;	  /* vehicles and terminals are registered already (keys from --keys) */
	const char *keys_dir;
};

struct ld_tracks_result {
	uint64_t verdicts[32];
	uint64_t tracks, fixes, covered, verified, unverified, unreceipted, refused_registry;
	uint64_t anomalies[10][5]; /* by AnomalyKind, level */
	int64_t took_ms, slowest_ms;
	int64_t shift_ms;
};
enum ld_err ld_tracks_send(struct ld_cli *cli, struct ld_net *net,
			   const struct ld_tracks_options *opt, const struct ld_tracks_data *data,
			   struct ld_tracks_result *out, char *why, size_t cap);

#endif
