/* What a bundle's deepvid.ini says of verdicts: thresholds, and what each verdict was worth. */
#include "base/error.h"
#include "base/file.h"
#include "base/ini.h"
#include "vid/bundle_settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DISTRUST = 6 };
static const double most_pictures = 1e9;

/* Numbers from 0 to `most` with commas between them, as many as `count`. */
static bool read_numbers(const char *text, const char *key, int count, double most, double *number, dv_error *error)
{
    const char *at = text;
    for (int i = 0; i < count; i++) {
        char *end;
        number[i] = dv_ini_number(at, &end);
        if (end == at || !(number[i] >= 0 && number[i] <= most))
            break;
        at = end + strspn(end, " \t");
        if (i + 1 == count && !*at)
            return true;
        if (*at++ != ',')
            break;
    }
    return dv_error_set(error, DV_ERROR_FORMAT,
                        "[verdict] %s = '%.60s' is not %d numbers from 0 to %g with commas "
                        "between them; remove the section",
                        key, text, count, most);
}

static bool read_worth(const dv_bundle_settings *settings, dv_worth worth[DV_VERDICTS], dv_error *error)
{
    double pictures[DV_VERDICTS], bad[DV_VERDICTS], real[DV_VERDICTS];
    if (!settings->judged && !settings->judged_bad && !settings->judged_real)
        return true;
    if (!settings->judged || !settings->judged_bad || !settings->judged_real)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "[verdict] pictures, bad and real are there together or not at all");
    if (!read_numbers(settings->judged, "pictures", DV_VERDICTS, most_pictures, pictures, error) ||
        !read_numbers(settings->judged_bad, "bad", DV_VERDICTS, most_pictures, bad, error) ||
        !read_numbers(settings->judged_real, "real", DV_VERDICTS, 1, real, error))
        return false;
    for (int i = 0; i < DV_VERDICTS; i++) {
        if (bad[i] != floor(bad[i]) || pictures[i] != floor(pictures[i]))
            return dv_error_set(error, DV_ERROR_FORMAT, "[verdict] pictures and bad are whole numbers of pictures");
        if (bad[i] > pictures[i])
            return dv_error_set(error, DV_ERROR_FORMAT, "[verdict] bad counts more pictures than there are");
        worth[i] = (dv_worth){.pictures = (int64_t)pictures[i], .bad = (int64_t)bad[i], .real = real[i]};
    }
    return true;
}

/* Of a file that says nothing the pictures themselves took no part. */
static bool read_anchor(const char *text, double *anchor, dv_error *error)
{
    char *end = NULL;
    *anchor = text ? dv_ini_number(text, &end) : 0;
    return !text || (end != text && !*end && *anchor >= 0 && *anchor <= 1) ||
           dv_error_set(error, DV_ERROR_FORMAT,
                        "[verdict] anchor = '%.60s' is no share from 0 to 1; remove the section", text);
}

bool dv_bundle_settings_judge(const dv_bundle_settings *settings, dv_calibration *calibration, dv_error *error)
{
    *calibration = dv_calibration_usual;
    if (!settings->thresholds)
        return (!settings->judged && !settings->judged_bad && !settings->judged_real && !settings->judged_anchor) ||
               dv_error_set(error, DV_ERROR_FORMAT,
                            "[verdict] thresholds is missing, which pictures, bad, real and anchor are told of");
    if (!read_numbers(settings->thresholds, "thresholds", DV_VERDICTS - 1, MOST_DISTRUST, calibration->from + 1, error))
        return false;
    if (calibration->from[DV_VERDICT_DO_NOT_TRUST] < calibration->from[DV_VERDICT_DOUBTFUL])
        return dv_error_set(error, DV_ERROR_FORMAT, "[verdict] thresholds must rise, not '%.60s'",
                            settings->thresholds);
    return read_anchor(settings->judged_anchor, &calibration->anchor, error) &&
           read_worth(settings, calibration->worth, error);
}

bool dv_bundle_settings_keep(const char *folder, const dv_calibration *calibration, dv_error *error)
{
    enum { THRESHOLDS, PICTURES, BAD, REAL, ANCHOR, KEYS };
    char text[KEYS][96];
    const dv_worth *worth = calibration->worth;
    snprintf(text[THRESHOLDS], sizeof text[0], "%.3f, %.3f", calibration->from[1], calibration->from[2]);
    snprintf(text[PICTURES], sizeof text[0], "%lld, %lld, %lld", (long long)worth[0].pictures,
             (long long)worth[1].pictures, (long long)worth[2].pictures);
    snprintf(text[BAD], sizeof text[0], "%lld, %lld, %lld", (long long)worth[0].bad, (long long)worth[1].bad,
             (long long)worth[2].bad);
    snprintf(text[REAL], sizeof text[0], "%.3f, %.3f, %.3f", worth[0].real, worth[1].real, worth[2].real);
    snprintf(text[ANCHOR], sizeof text[0], "%.15g", calibration->anchor);
    const dv_ini_pair pairs[KEYS] = {{"thresholds", text[THRESHOLDS]},
                                     {"pictures", text[PICTURES]},
                                     {"bad", text[BAD]},
                                     {"real", text[REAL]},
                                     {"anchor", text[ANCHOR]}};
    char *path = dv_path_join(folder, "deepvid.ini");
    bool ok = path ? dv_ini_set(path, "verdict", KEYS, pairs, error)
                   : dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
    free(path);
    return ok;
}

bool dv_bundle_settings_check_keep(const char *folder, dv_error *error)
{
    char *path = dv_path_join(folder, "deepvid.ini");
    bool ok = path ? dv_output_check(path, error) : dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
    free(path);
    return ok;
}
