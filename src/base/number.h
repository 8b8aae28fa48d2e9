/* Numbers as text and back. The point is a point: no part of the program asks for another numeric locale than C's. */
#ifndef DV_BASE_NUMBER_H
#define DV_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum { DV_NUMBER_SIZE = 32 };

/* The fewest digits that dv_number_read takes back to the same bits: "0.1", "1e-05". The number is finite. */
void dv_number_write(double number, char text[DV_NUMBER_SIZE]);
/* The same for a float that will be read as one: (float)number. */
void dv_number_write_float(float number, char text[DV_NUMBER_SIZE]);

/* Each takes the whole text or none of it; false for what is no finite number, or no whole one that fits. */
bool dv_number_read(const char *text, double *number);
bool dv_number_read_whole(const char *text, int64_t *number);

#endif
