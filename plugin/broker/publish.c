#include "plugin/broker/publish.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int add_properties(const struct ld_publication *p, mosquitto_property **list)
{
	int rc = MOSQ_ERR_SUCCESS;

	if (p->text)
		rc = mosquitto_property_add_byte(list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);
	if (!rc && p->content_type)
		rc = mosquitto_property_add_string(list, MQTT_PROP_CONTENT_TYPE, p->content_type);
	if (!rc && p->correlation)
		rc = mosquitto_property_add_binary(list, MQTT_PROP_CORRELATION_DATA, p->correlation,
						   (uint16_t)p->correlation_len);
	for (size_t i = 0; !rc && i < p->n_user; i++)
		rc = mosquitto_property_add_string_pair(list, MQTT_PROP_USER_PROPERTY,
							p->user[i].name, p->user[i].value);
	return rc;
}

void ld_publish(struct ld_broker *b, const struct ld_publication *p)
{
	mosquitto_property *properties = NULL;
	void *payload = NULL;
	int rc = MOSQ_ERR_NOMEM;

	if (b->closing)
		return;
	if (p->len > INT_MAX || p->correlation_len > UINT16_MAX) {
		rc = MOSQ_ERR_PAYLOAD_SIZE;
		goto out;
	}
	rc = mosquitto_pub_topic_check(p->topic);
	if (rc)
		goto out;
	if (p->len) {
		rc = MOSQ_ERR_NOMEM;
		payload = mosquitto_malloc(p->len);
		if (!payload)
			goto out;
		memcpy(payload, p->payload, p->len);
	}
	rc = add_properties(p, &properties);
	if (!rc)
		rc = mosquitto_broker_publish(NULL, p->topic, (int)p->len, payload, p->qos,
					      p->retain, properties);
out:
	if (!rc) {
		b->counts.published++;
		return;
	}
	mosquitto_free(payload);
	mosquitto_property_free_all(&properties);
	if (b->counts.publish_failed++ == 0)
		ld_log(MOSQ_LOG_ERR, "could not publish on %s (%d)", p->topic, rc);
}

void ld_publish_json(struct ld_broker *b, struct ld_publication *p, cJSON *json)
{
	char *text;

	if (!json)
		return;
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	if (!text) {
		b->counts.publish_failed++;
		return;
	}
	p->payload = text;
	p->len = strlen(text);
	p->text = true;
	p->content_type = LD_JSON_TYPE;
	ld_publish(b, p);
	cJSON_free(text);
}
