/* The keys of what is printed as JSON, in their order. Include after cmocka.h. */
#ifndef DV_TESTS_KEYS_H
#define DV_TESTS_KEYS_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* One line, which is freed. */
static inline json_t *parse_json(char *text)
{
    json_error_t error;
    assert_non_null(text);
    assert_null(strchr(text, '\n'));
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s in %s", error.text, text);
    free(text);
    return json;
}

static inline void assert_keys(const json_t *object, const char *const *keys)
{
    const char *key;
    json_t *value;
    int i = 0;
    assert_true(json_is_object(object));
    json_object_foreach((json_t *)object, key, value)
    {
        assert_non_null(keys[i]);
        assert_string_equal(key, keys[i++]);
    }
    assert_null(keys[i]);
}

#endif
