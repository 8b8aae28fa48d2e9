// What ONNX Runtime does in deepvid's place: runtime.js MODEL SHAPE THREADS, with the shape of one input ("1,28,28");
// asked with the number of pictures of a batch. The same service as bench.c's.
'use strict';
const readline = require('readline');
const ort = require('onnxruntime-node');
const [model, shape, threads] = process.argv.slice(2);
const turn = 200, long = 1000; // ms

async function main() {
    const options = {intraOpNumThreads: Number(threads), interOpNumThreads: 1};
    const session = await ort.InferenceSession.create(model, options);
    const sample = shape.split(',').map(Number);
    let last, feeds;
    console.log(JSON.stringify({name: `ONNX Runtime ${ort.env.versions.node}`}));
    for await (const wish of readline.createInterface({input: process.stdin})) {
        let isNew = wish !== last;
        if (isNew) {
            const dims = [Number(wish), ...sample], length = dims.reduce((a, b) => a * b);
            const x = Float32Array.from({length}, () => 2 * Math.random() - 1);
            feeds = {[session.inputNames[0]]: new ort.Tensor('float32', x, dims)};
            last = wish;
        }
        let count = 0, ms = 0, used = process.cpuUsage(), start = performance.now();
        while (ms < turn) {
            await session.run(feeds);
            count++;
            ms = performance.now() - start;
            if (isNew && ms < long)
                [count, ms, used, start] = [0, 0, process.cpuUsage(), performance.now()];
            isNew = false;
        }
        const {user, system} = process.cpuUsage(used);
        console.log(JSON.stringify({ms: ms / count, processor_ms: (user + system) / 1000 / count}));
    }
}

main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
});
