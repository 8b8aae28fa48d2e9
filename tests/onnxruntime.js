// onnxruntime.js DEEPVID BUNDLE FOLDER: compares the outputs of deepvid with those of ONNX Runtime.
// The largest difference must be below 1e-4 of the largest output.
'use strict';
const childProcess = require('child_process');
const fs = require('fs');
const path = require('path');
const zlib = require('zlib');
const ort = require('onnxruntime-node');

const [deepvid, bundle, folder] = process.argv.slice(2);
const count = 256, limit = 1e-4;

// "key = value" lines of the bundle's ini; keys are unique enough for this.
function setting(name) {
    const text = fs.readFileSync(path.join(bundle, 'deepvid.ini'), 'utf8');
    const line = text.split('\n').find((l) => l.split('=')[0].trim() === name);
    return Number(line.split('=')[1].split(';')[0]);
}

// The first pictures as floats in 0..1, shaped [count, 1, height, width].
function readPictures() {
    const data = zlib.gunzipSync(fs.readFileSync(path.join(bundle, 't10k-images-idx3-ubyte.gz')));
    const dims = [count, 1, data.readUInt32BE(8), data.readUInt32BE(12)];
    const values = new Float32Array(dims[0] * dims[2] * dims[3]);
    for (let i = 0; i < values.length; i++)
        values[i] = Math.fround(data[16 + i] / 255);
    return {dims, values};
}

function writeNpy(file, {dims, values}) {
    const shape = dims.join(', ') + (dims.length === 1 ? ',' : '');
    let header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`;
    header += ' '.repeat(63 - (10 + header.length) % 64) + '\n';
    const start = Buffer.from('\x93NUMPY\x01\x00..', 'latin1');
    start.writeUInt16LE(header.length, 8);
    fs.writeFileSync(file, Buffer.concat([start, Buffer.from(header, 'latin1'), Buffer.from(values.buffer)]));
}

function readNpy(file) {
    const data = fs.readFileSync(file), end = 10 + data.readUInt16LE(8);
    const header = data.toString('latin1', 10, end);
    if (!header.includes("'<f4'") || !header.includes("'fortran_order': False"))
        throw new Error(`${file}: not float32 in C order: ${header}`);
    const dims = header.match(/\(([^)]*)\)/)[1].split(',').filter((d) => d.trim()).map(Number);
    return {dims, values: new Float32Array(data.buffer.slice(data.byteOffset + end, data.byteOffset + data.length))};
}

// Runs a model both ways on one input; returns deepvid's outputs and prints the differences.
async function compare(name, input) {
    const model = path.join(bundle, name), inputFile = path.join(folder, 'input.npy');
    const output = path.join(folder, name + '-outputs');
    writeNpy(inputFile, input);
    childProcess.execFileSync(deepvid, ['run', model, '--input', inputFile, '--output-dir', output]);
    const session = await ort.InferenceSession.create(model);
    const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', input.values, input.dims)};
    const theirs = await session.run(feeds), ours = [];
    session.outputNames.forEach((outputName, o) => {
        const a = readNpy(path.join(output, `${o}.npy`)), b = theirs[outputName];
        let largest = 0, difference = 0;
        for (let i = 0; i < b.data.length; i++) {
            largest = Math.max(largest, Math.abs(b.data[i]));
            difference = Math.max(difference, Math.abs(a.values[i] - b.data[i]));
        }
        const good = difference <= limit * largest && a.dims.join() === b.dims.join();
        console.log(`${good ? 'good' : 'BAD '} ${name} ${outputName} [${b.dims}]: largest difference ` +
                    `${difference.toExponential(2)}, ${(difference / largest).toExponential(2)} of the largest output`);
        if (!good)
            process.exitCode = 1;
        ours.push(a);
    });
    return ours;
}

async function main() {
    const pictures = readPictures(), mean = setting('mean'), std = setting('std');
    const normalized = {dims: pictures.dims, values: pictures.values.map((v) => (v - mean) / std)};
    await compare('teacher.onnx', normalized);
    const [latent] = await compare('encoder.onnx', pictures);
    await compare('decoder.onnx', latent);
}

main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
});
