/* The rules: any sequence of events, well-formed by the gate, from signers of every kind. Whatever
 * is judged, grams add, and the entries alone rebuild the same state. Input: records. First byte: 0
 * to 199 an event is made from the bytes that follow (fill.c); 200 to 231 an event as it stands,
 * two bytes of length before it; above, time passes. */
#include "tests/fuzz/fill.h"

#define MAX_RECORDS 48

static void step(struct fz_play *p, struct fz_in *in)
{
	static const int64_t steps[8] = {
	    LD_MINUTE_MS, 10 * LD_MINUTE_MS, LD_HOUR_MS,     3 * LD_HOUR_MS,
	    LD_DAY_MS,	  4 * LD_DAY_MS,     40 * LD_DAY_MS, 1000};
	uint8_t what = fz_u8(in);
	const uint8_t *bytes;
	uint8_t *made;
	size_t len;

	if (what >= 232) {
		fz_play_time(p, steps[what & 7]);
	} else if (what >= 200) {
		len = fz_u16(in);
		bytes = fz_take(in, &len);
		made = fz_copy(bytes, len);
		fz_play_event(p, made, len);
		free(made);
	} else {
		made = fz_fill_event(in, p, &len);
		fz_play_event(p, made, len);
		free(made);
	}
	p->now_ms += 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fz_play p;
	struct fz_in in = {data, size};

	if (p.live.c.state == NULL)
		fz_play_open(&p);
	fz_play_begin(&p);
	for (int i = 0; i < MAX_RECORDS && in.n != 0; i++)
		step(&p, &in);
	fz_play_check(&p);
	return 0;
}
