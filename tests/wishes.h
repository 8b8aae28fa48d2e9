/* Random wishes, a function of seed and number. Include after cmocka.h. */
#ifndef DV_TESTS_WISHES_H
#define DV_TESTS_WISHES_H

#include "base/random.h"
#include "session/setting.h"
#include "vid/limits.h"

#include <math.h>

enum { WISHES_LATENT = 7 };

/* Draws one after the other. */
typedef struct dice {
    uint64_t seed, drawn;
} dice;

static inline uint64_t dice_bits(dice *it)
{
    return dv_random_bits(it->seed, DV_PURPOSE_TEST, it->drawn++);
}

static inline int dice_below(dice *it, int count)
{
    return (int)(dice_bits(it) % (uint64_t)count);
}

/* Spread over the magnitudes between two positive numbers. */
static inline double dice_between(dice *it, double least, double most)
{
    double at = dv_random_uniform(it->seed, DV_PURPOSE_TEST, it->drawn++);
    return fmin(most, fmax(least, least * pow(most / least, at)));
}

/* A value of a setting as text: now and then the least, the most, the automatic one. */
static inline void dice_setting(dice *it, const dv_setting *setting, char text[DV_SETTING_TEXT_SIZE])
{
    double value = dice_between(it, setting->minimum + 1e-300, setting->maximum + 1e-300);
    int kind = dice_below(it, 8);
    if (kind == 0)
        value = setting->minimum;
    else if (kind == 1)
        value = setting->maximum;
    switch (setting->kind) {
    case DV_VALUE_WHOLE:
        snprintf(text, DV_SETTING_TEXT_SIZE, "%.0f", fmax(setting->minimum, floor(value)));
        break;
    case DV_VALUE_NUMBER:
        if (setting->automatic && kind == 2)
            snprintf(text, DV_SETTING_TEXT_SIZE, "%s", setting->automatic);
        else
            snprintf(text, DV_SETTING_TEXT_SIZE, "%.17g", value);
        break;
    case DV_VALUE_CHOICE: {
        char words[64], *at = words, *word = words;
        snprintf(words, sizeof(words), "%s", setting->words);
        for (int choice = dice_below(it, 4); choice >= 0 && at; choice--)
            word = strsep(&at, "|");
        snprintf(text, DV_SETTING_TEXT_SIZE, "%.20s", word);
        break;
    }
    }
}

/* One change of a wish, as the screen makes them. */
static inline void dice_change(dice *it, dv_wish *wish)
{
    dv_error error;
    char text[DV_SETTING_TEXT_SIZE];
    int dimension = dice_below(it, wish->latent);
    switch (dice_below(it, 12)) {
    case 0:
        dv_wish_go(wish, dice_below(it, 1000));
        break;
    case 1:
    case 2:
        dv_wish_turn(wish, dimension, (dice_below(it, 21) - 10) / 10.0);
        break;
    case 3:
        dv_wish_set_knob(wish, dimension, (float)(dice_between(it, 1e-3, 1e3) * (dice_below(it, 3) - 1)));
        break;
    case 4:
        dv_wish_set_band(wish, dimension, dice_below(it, 4) ? dice_between(it, 1e-4, 1e3) : 0);
        break;
    case 5:
        wish->options.band = dice_between(it, DV_MIN_BAND, DV_MAX_BAND);
        dv_wish_reset_bands(wish);
        break;
    case 6:
        if (dice_below(it, 2))
            dv_wish_reset_band(wish, dimension);
        else
            dv_wish_reset_bands(wish);
        break;
    case 7:
        dv_wish_reset_knob(wish, dimension);
        break;
    default: {
        const dv_setting *setting = dv_setting_get(dice_below(it, DV_SETTING_COUNT));
        dice_setting(it, setting, text);
        if (!dv_setting_set(setting, wish, text, &error))
            fail_msg("%s", error.message);
    }
    }
}

/* A wish that many changes made. */
static inline void dice_wish(dice *it, dv_wish *wish, int changes)
{
    dv_error error;
    dv_explain_options options = dv_explain_defaults();
    assert_true(dv_wish_init(wish, &options, WISHES_LATENT, &error));
    for (int i = 0; i < changes; i++)
        dice_change(it, wish);
}

#endif
