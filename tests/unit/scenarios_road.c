/* Rows 9 and 24: declared stops, accidents. */
#include "road_builders.h"
#include "scenario.h"

/* ---- CUSTODY-9 ---- */

SCENARIO(HONEST, STOP_BEGUN, row, REASON_NONE)
{
	mx_to_stopped(x);
}

SCENARIO(SIGNER, STOP_BEGUN, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_begin_stop(x, REC, mx_stop(x, "V1"));
}

SCENARIO(PARTY, STOP_BEGUN, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_begin_stop(x, CARX, mx_stop(x, "V1"));
}

SCENARIO(ABSENT, STOP_BEGUN, row, WAITS_FOR_STATE)
{
	mx_begin_stop(x, CAR1, mx_stop(x, "V1"));
}

SCENARIO(WAITS, STOP_BEGUN, row, REASON_NONE)
{
	mx_to_offered(x);
	mx_held(x, mx_begin_stop(x, CAR1, mx_stop(x, "V1")));
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(PASSED, STOP_BEGUN, row, OUT_OF_ORDER)
{
	mx_to_arrived(x);
	mx_begin_stop(x, CAR1, mx_stop(x, "V1"));
}

SCENARIO(TWICE, STOP_BEGUN, row, REASON_NONE)
{
	mx_to_stopped(x);
	mx_begin_stop(x, CAR1, mx_stop(x, "V1"));
}

SCENARIO(RECORDED, STOP_BEGUN, same_vehicle, UNKNOWN_VEHICLE)
{
	mx_to_taken(x);
	mx_begin_stop(x, CAR1, mx_stop(x, "V2"));
}

SCENARIO(RECORDED, STOP_BEGUN, site_registered, UNKNOWN_SITE)
{
	Liandan__StopBegun *b = mx_stop(x, "V1");

	mx_to_taken(x);
	b->site = MX_S("S-NEW");
	mx_begin_stop(x, CAR1, b);
}

SCENARIO(HONEST, STOP_ENDED, row, REASON_NONE)
{
	mx_to_stopped(x);
	x->now += LD_HOUR_MS;
	mx_end_stop(x, CAR1, mx_stop_end(x, x->hash));
}

SCENARIO(SIGNER, STOP_ENDED, row, WRONG_ROLE)
{
	mx_to_stopped(x);
	mx_end_stop(x, GEN, mx_stop_end(x, x->hash));
}

SCENARIO(PARTY, STOP_ENDED, row, WRONG_ROLE)
{
	mx_to_stopped(x);
	mx_end_stop(x, CARX, mx_stop_end(x, x->hash));
}

SCENARIO(ABSENT, STOP_ENDED, row, WAITS_FOR_STATE)
{
	mx_end_stop(x, CAR1, mx_stop_end(x, x->hash));
}

SCENARIO(WAITS, STOP_ENDED, row, REASON_NONE)
{
	Liandan__StopBegun *b = mx_stop(x, "V1");
	MX_EVENT(e, STOP_BEGUN, b);
	uint8_t hash[LD_HASH_BYTES];
	ProtobufCBinaryData begun;

	mx_to_taken(x);
	begun = mx_pack(x, CAR1, MX_KEYS, &e);
	ld_sha256(begun.data, begun.len, hash);
	mx_held(x, mx_end_stop(x, CAR1, mx_stop_end(x, hash)));
	mx_put_bytes(x, begun);
}

SCENARIO(PASSED, STOP_ENDED, row, OUT_OF_ORDER)
{
	uint8_t stop[LD_HASH_BYTES];

	mx_to_stopped(x);
	memcpy(stop, x->hash, sizeof stop);
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_end_stop(x, CAR1, mx_stop_end(x, stop));
}

SCENARIO(TWICE, STOP_ENDED, row, OUT_OF_ORDER)
{
	uint8_t stop[LD_HASH_BYTES];

	mx_to_stopped(x);
	memcpy(stop, x->hash, sizeof stop);
	mx_clean(x, mx_end_stop(x, CAR1, mx_stop_end(x, stop)));
	mx_end_stop(x, CAR1, mx_stop_end(x, stop));
}

SCENARIO(WAITS, STOP_ENDED, stop_open, REASON_NONE)
{
	uint8_t hash[LD_HASH_BYTES];
	ProtobufCBinaryData again;

	mx_to_stopped(x);
	x->now += LD_HOUR_MS; /* the second stop takes the first one's place */
	MX_EVENT(e, STOP_BEGUN, mx_stop(x, "V1"));
	again = mx_pack(x, CAR1, MX_KEYS, &e);
	ld_sha256(again.data, again.len, hash);
	mx_held(x, mx_end_stop(x, CAR1, mx_stop_end(x, hash)));
	mx_put_bytes(x, again);
}

SCENARIO(HARD, STOP_ENDED, stop_open, WAITS_FOR_CAUSE)
{
	static const uint8_t nothing[LD_HASH_BYTES] = {7};

	mx_to_stopped(x);
	mx_end_stop(x, CAR1, mx_stop_end(x, nothing));
}

SCENARIO(RECORDED, STOP_ENDED, stop_budget, LATE)
{
	mx_to_stopped(x);
	x->now += x->c.rules->stop_budget_ms + 1;
	mx_end_stop(x, CAR1, mx_stop_end(x, x->hash));
}

/* ---- CUSTODY-24 ---- */

SCENARIO(HONEST, ACCIDENT_REPORTED, row, REASON_NONE)
{
	mx_to_taken(x);
	mx_report(x, CAR1, mx_accident(x, "V1"));
}

SCENARIO(SIGNER, ACCIDENT_REPORTED, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_report(x, GEN, mx_accident(x, "V1"));
}

SCENARIO(PARTY, ACCIDENT_REPORTED, row, WRONG_ROLE)
{
	mx_to_taken(x);
	mx_report(x, CARX, mx_accident(x, "V1"));
}

SCENARIO(ABSENT, ACCIDENT_REPORTED, row, WAITS_FOR_STATE)
{
	mx_report(x, CAR1, mx_accident(x, "V1"));
}

SCENARIO(WAITS, ACCIDENT_REPORTED, row, REASON_NONE)
{
	mx_to_offered(x);
	mx_held(x, mx_report(x, CAR1, mx_accident(x, "V1")));
	mx_take(x, CAR1, mx_taken(x, 1, "V1"));
}

SCENARIO(PASSED, ACCIDENT_REPORTED, row, OUT_OF_ORDER)
{
	mx_to_accepted(x);
	mx_report(x, EEB, mx_accident(x, "V1"));
}

SCENARIO(TWICE, ACCIDENT_REPORTED, row, REASON_NONE)
{
	mx_to_taken(x);
	mx_clean(x, mx_report(x, CAR1, mx_accident(x, "V1")));
	mx_report(x, CAR1, mx_accident(x, "V1"));
}

SCENARIO(HARD, ACCIDENT_REPORTED, masses, QUANTITY)
{
	Liandan__AccidentReported *b = mx_accident(x, "V1");

	mx_to_taken(x);
	b->lost_g = LD_MAX_MASS_G + 1;
	mx_report(x, CAR1, b);
}

SCENARIO(RECORDED, ACCIDENT_REPORTED, same_vehicle, UNKNOWN_VEHICLE)
{
	mx_to_taken(x);
	mx_report(x, CAR1, mx_accident(x, "V2"));
}

SCENARIO(RECORDED, ACCIDENT_REPORTED, code_known, BAD_WASTE_CODE)
{
	Liandan__AccidentReported *b = mx_accident(x, "V1");

	mx_to_taken(x);
	b->code = MX_S("999-999-99");
	mx_report(x, CAR1, b);
}
