#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deploy/cli/play.h"

/* Who takes part: the day's devices, each with a key of its own. */

static struct ld_play_device *add(struct ld_play *p, enum ld_play_kind kind, int of,
				  const char *party, const char *device, uint32_t roles,
				  uint32_t subject)
{
	struct ld_play_device *d = &p->devices[p->n_devices++];

	d->play = p;
	d->kind = kind;
	d->of = of;
	d->roles = roles;
	d->subject = subject;
	snprintf(d->party, sizeof(d->party), "%s", party);
	snprintf(d->device, sizeof(d->device), "%s", device);
	snprintf(d->client_id, sizeof(d->client_id), "%s/%s", party, device);
	snprintf(d->person, sizeof(d->person), "%.31s.%.31s", party, device);
	return d;
}

/* A device name of an id that may be 64 bytes long already. */
static const char *named(const char *kind, const char *id, char out[LD_MAX_ID_BYTES + 1])
{
	if (snprintf(out, LD_MAX_ID_BYTES + 1, "%s-%s", kind, id) > LD_MAX_ID_BYTES)
		snprintf(out, LD_MAX_ID_BYTES + 1, "%s", id);
	return out;
}

static void list_devices(struct ld_play *p)
{
	const struct ld_day *d = p->day;
	const uint32_t stock = LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER;
	const uint32_t person = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON;
	char name[LD_MAX_ID_BYTES + 1];

	for (size_t i = 0; i < d->n_parties; i++)
		if (d->parties[i].roles & stock)
			add(p, LD_DEVICE_CLERK, (int)i, d->parties[i].id, "clerk",
			    d->parties[i].roles & stock, person);
	for (size_t i = 0; i < d->n_drivers; i++)
		add(p, LD_DEVICE_DRIVER, (int)i, d->drivers[i].carrier.id,
		    named("phone", d->drivers[i].id, name), LIANDAN__ROLE__ROLE_DRIVER, person);
	for (size_t i = 0; i < d->n_trucks; i++)
		add(p, LD_DEVICE_TERMINAL, (int)i, d->trucks[i].carrier.id,
		    named("gps", d->trucks[i].id, name), LIANDAN__ROLE__ROLE_TERMINAL,
		    LIANDAN__KEY_SUBJECT__KEY_SUBJECT_TERMINAL);
	for (size_t i = 0; i < d->n_scales; i++)
		add(p, LD_DEVICE_SCALE, (int)i, d->sites[d->scales[i].site.at].party.id,
		    d->scales[i].id, LIANDAN__ROLE__ROLE_SCALE,
		    LIANDAN__KEY_SUBJECT__KEY_SUBJECT_SCALE);
	for (size_t i = 0; i < d->n_acts; i++) {
		const struct ld_day_act *a = &d->acts[i];
		const struct ld_day_trip *t = a->trip.at >= 0 ? &d->trips[a->trip.at] : NULL;
		if (a->word == LD_CHEAT_revoked_key)
			add(p, LD_DEVICE_FORMER, (int)i, t->generator.id,
			    named("former", a->id, name), LIANDAN__ROLE__ROLE_GENERATOR, person);
		if (a->word != LD_CHEAT_same_person)
			continue;
		struct ld_play_device *two =
		    add(p, LD_DEVICE_DOUBLE, (int)i, t->generator.id, named("second", a->id, name),
			LIANDAN__ROLE__ROLE_GENERATOR, person);
		const struct ld_play_device *one =
		    ld_play_device(p, LD_DEVICE_DRIVER, t->driver.at);
		memcpy(two->person, one->person, sizeof(two->person));
	}
	p->regulator = add(p, LD_DEVICE_REGULATOR, 0, "regulator-office", "watch",
			   LIANDAN__ROLE__ROLE_REGULATOR, person);
}

/* Terminals and scales of the real world have Ed25519 or P-256; clerks of a Chinese firm hold SM2
 * keys. */
static Liandan__Algorithm algorithm_for(const struct ld_play_device *d)
{
	switch (d->kind) {
	case LD_DEVICE_TERMINAL:
		return LIANDAN__ALGORITHM__ALGORITHM_ED25519;
	case LD_DEVICE_CLERK:
		return LIANDAN__ALGORITHM__ALGORITHM_SM2;
	default:
		return LIANDAN__ALGORITHM__ALGORITHM_P256;
	}
}

/* From the key directory, or new (and kept there, where there is one). */
static enum ld_err key_for(struct ld_play *p, struct ld_play_device *d, char *why, size_t cap)
{
	char path[4096];
	char *pem = NULL;

	if (p->opt.keys_dir) {
		snprintf(path, sizeof(path), "%s/%s@%s.pem", p->opt.keys_dir, d->device, d->party);
		if (access(path, F_OK) == 0)
			return ld_key_file(path, &d->key, why, cap);
	}
	enum ld_err err = ld_key_generate(algorithm_for(d), &d->key);
	if (err || !p->opt.keys_dir)
		return err;
	err = ld_key_to_pem(d->key, &pem);
	if (!err)
		err = ld_file_write(path, pem, strlen(pem), true, why, cap);
	if (pem)
		explicit_bzero(pem, strlen(pem));
	free(pem);
	return err;
}

enum ld_err ld_play_devices_make(struct ld_play *p, char *why, size_t cap)
{
	const struct ld_day *d = p->day;
	size_t most = d->n_parties + d->n_drivers + d->n_trucks + d->n_scales + 2 * d->n_acts + 1;

	p->devices = calloc(most, sizeof(*p->devices));
	if (!p->devices)
		return LD_ERR_NOMEM;
	list_devices(p);
	if (p->opt.keys_dir && mkdir(p->opt.keys_dir, 0700) != 0 && errno != EEXIST) {
		snprintf(why, cap, "%s: %s", p->opt.keys_dir, strerror(errno));
		return LD_ERR_IO;
	}
	for (size_t i = 0; i < p->n_devices; i++) {
		enum ld_err err = key_for(p, &p->devices[i], why, cap);
		if (err)
			return err;
		p->devices[i].signer.key = p->devices[i].key;
		p->devices[i].signer.ledger = p->net->id;
	}
	return LD_OK;
}
