# Puts files in the place of markers: awk -v options=FILE -v keys=FILE -v config=FILE -f splice.awk page.in
function pour(file,    line) {
    while ((getline line < file) > 0)
        print line
    close(file)
}
$0 == "@OPTIONS@" { pour(options); next }
$0 == "@KEYS@" { pour(keys); next }
$0 == "@CONFIG@" { pour(config); next }
{ print }
