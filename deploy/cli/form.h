/* The national manifest form 危险废物转移联单 (环办固体函〔2021〕577号): what the generator, the
 * carriers and the receiver fill in, one row a waste line. Out of the ledger, and its first part
 * in, as a draft. */
#ifndef LD_CLI_FORM_H
#define LD_CLI_FORM_H

#include "deploy/cli/replayed.h"
#include "deploy/cli/sheet.h"

/* key, Chinese, whether import takes it: READ; KNOWN, what the ledger says of a draft, so that what
 * export wrote of one can be read again; OTHERS, what other people fill in */
enum ld_form_in { LD_FORM_READ, LD_FORM_KNOWN, LD_FORM_OTHERS };
#define LD_FORM_COLUMNS(X)                                                                         \
	X(number, "联单编号", LD_FORM_READ)                                                        \
	X(manifest, "联单标识", LD_FORM_READ)                                                      \
	X(kind, "联单类型", LD_FORM_KNOWN)                                                         \
	X(state, "状态", LD_FORM_KNOWN)                                                            \
	X(generator, "移出单位", LD_FORM_READ)                                                     \
	X(generator_name, "移出单位名称", LD_FORM_KNOWN)                                           \
	X(site, "移出地", LD_FORM_READ)                                                            \
	X(generator_handler, "移出经办人", LD_FORM_OTHERS)                                         \
	X(phone, "联系电话", LD_FORM_READ)                                                         \
	X(emergency, "应急联系及措施", LD_FORM_READ)                                               \
	X(handover_time, "移出时间", LD_FORM_OTHERS)                                               \
	X(line, "序号", LD_FORM_READ)                                                              \
	X(code, "废物代码", LD_FORM_READ)                                                          \
	X(trade_name, "行业俗称", LD_FORM_READ)                                                    \
	X(catalogue_name, "废物名称", LD_FORM_READ)                                                \
	X(hazards, "危险特性", LD_FORM_READ)                                                       \
	X(form, "形态", LD_FORM_READ)                                                              \
	X(components, "有害成分", LD_FORM_READ)                                                    \
	X(package, "包装方式", LD_FORM_READ)                                                       \
	X(count, "包装数量", LD_FORM_READ)                                                         \
	X(mass_t, "移出量(吨)", LD_FORM_READ)                                                      \
	X(mode, "拟利用处置方式", LD_FORM_READ)                                                    \
	X(carriers, "承运单位", LD_FORM_READ)                                                      \
	X(carrier_licences, "运输许可证号", LD_FORM_READ)                                          \
	X(drivers, "驾驶员", LD_FORM_OTHERS)                                                       \
	X(plates, "车牌号", LD_FORM_OTHERS)                                                        \
	X(departures, "起运时间", LD_FORM_OTHERS)                                                  \
	X(places, "经由地", LD_FORM_READ)                                                          \
	X(destination, "运输终点", LD_FORM_READ)                                                   \
	X(arrival_time, "到达时间", LD_FORM_OTHERS)                                                \
	X(receiver, "接受单位", LD_FORM_READ)                                                      \
	X(receiver_name, "接受单位名称", LD_FORM_KNOWN)                                            \
	X(receiver_licence, "经营许可证号", LD_FORM_READ)                                          \
	X(receiver_handler, "接受经办人", LD_FORM_OTHERS)                                          \
	X(received_time, "接受时间", LD_FORM_OTHERS)                                               \
	X(significant, "是否存在重大差异", LD_FORM_OTHERS)                                         \
	X(opinion, "处理意见", LD_FORM_OTHERS)                                                     \
	X(accepted_mode, "利用处置方式", LD_FORM_OTHERS)                                           \
	X(accepted_t, "接受量(吨)", LD_FORM_OTHERS)

extern const struct ld_column ld_form_columns[];
extern const size_t ld_form_n;

/* What the ledger says beside the state: who signed, when. One for each manifest that is asked for.
 */
struct ld_form {
	uint8_t id[LD_UUID_BYTES];
	char generator_handler[LD_MAX_ID_BYTES + 1], receiver_handler[LD_MAX_ID_BYTES + 1];
	char opinion[LD_MAX_STRING_BYTES + 1];
	bool significant;
	int64_t handover_ms, arrival_ms, received_ms;
	struct ld_form_leg {
		char carrier[LD_MAX_ID_BYTES + 1], driver[LD_MAX_ID_BYTES + 1],
		    plate[LD_MAX_ID_BYTES + 1];
		int64_t taken_ms;
	} legs[LD_MAX_CARRIERS];
	size_t n_legs;
};
/* A child manifest comes into being by this event: what stood on its parent's form stands on it. Of
 * a redirection a new journey begins, and who ordered it is who hands it out. Before the note. */
void ld_form_part(struct ld_form *child, const struct ld_form *parent, const struct ld_effect *e);
/* An event that took effect: into the form, where it is of this manifest. */
void ld_form_note(struct ld_form *f, const struct ld_effect *e);
/* Its rows, from the state at the end. */
void ld_form_rows(const struct ld_form *f, struct ld_custody *c, struct ld_sheet *sheet);

/* Reads rows (CSV text, or a JSON array of objects) and appends a manifest_created event object for
 * each manifest to `events`: rows that follow each other with the same id or number, or without
 * both and the same generator, receiver and carriers and a line number above the last, are one.
 * What export wrote of a draft is read as that draft, its id included; the columns of others must
 * be empty or left out. LD_ERR_MALFORMED with "line 3: …" in why. */
enum ld_err ld_form_read(const char *text, size_t len, cJSON *events, char *why, size_t cap);

#endif
