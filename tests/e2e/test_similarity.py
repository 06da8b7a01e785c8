"""POST /similarity: cosines between one sentence and others."""

import numpy
import pytest

import tiny_model

SOURCE = "a man is eating food"
SENTENCES = ["a man eats a meal", "the sky is blue tonight", SOURCE]


def ask(server, sentences=SENTENCES, source=SOURCE, **members):
    return server.post("/similarity", {"inputs": {"source_sentence": source, "sentences": sentences}, **members})


def test_cosines_of_the_embeddings(server):
    response = ask(server)
    assert response.status == 200, response.text
    rows = numpy.array(server.embed([SOURCE, *SENTENCES]), numpy.float64)
    assert response.json() == pytest.approx((rows[1:] @ rows[0]).tolist(), abs=1e-6)
    assert response.json()[0] > response.json()[1]
    assert response.header("x-compute-characters") == str(len(SOURCE) + sum(map(len, SENTENCES)))


@pytest.mark.parametrize("parameters", [None, {}, {"truncate": True, "truncation_direction": "Left", "prompt_name": None}])
def test_parameters_that_change_nothing(server, parameters):
    assert ask(server, parameters=parameters).json() == ask(server).json()


def test_a_prompt_stands_before_the_source_and_the_sentences(launcher, tiny_copy):
    tiny_model.write_json(tiny_copy / "config_sentence_transformers.json", {"prompts": {"query": "query: "}})
    process = launcher.serve(model=tiny_copy)
    rows = numpy.array(process.embed([f"query: {text}" for text in (SOURCE, *SENTENCES)]), numpy.float64)
    prompted = ask(process, parameters={"prompt_name": "query"})
    assert prompted.status == 200, prompted.text
    assert prompted.json() == pytest.approx((rows[1:] @ rows[0]).tolist(), abs=1e-6)
    assert prompted.json() != pytest.approx(ask(process).json(), abs=1e-4)
    default = launcher.serve("--default-prompt", "query: ", model=tiny_copy)
    assert ask(default).json() == prompted.json()


def test_long_sentences_follow_truncate(server):
    sentence = "word " * 2000
    assert ask(server, [sentence]).status == 200
    response = ask(server, [sentence], parameters={"truncate": False})
    assert response.status == 422
    assert response.json()["error"] == "Input validation error: `inputs` must have less than 256 tokens. Given: 2002"


@pytest.mark.parametrize(
    "body, status, error",
    [
        ({"source_sentence": "x", "sentences": []}, 400, "`inputs.sentences` cannot be empty"),
        ({"source_sentence": "", "sentences": ["x"]}, 400, "Input validation error: `inputs` cannot be empty"),
        ({"source_sentence": "x", "sentences": ["x"] * 32}, 422, "batch size 33 > maximum allowed batch size 32"),
    ],
)
def test_refusals(server, body, status, error):
    response = server.post("/similarity", {"inputs": body})
    assert (response.status, response.json()["error"]) == (status, error)


@pytest.mark.parametrize("inputs", ["x", ["x"], {}, {"source_sentence": "x"}, {"source_sentence": "x", "sentences": "y"}])
def test_inputs_of_the_wrong_shape(server, inputs):
    response = server.post("/similarity", {"inputs": inputs})
    assert response.status == 422
    assert response.text.startswith("Failed to deserialize the JSON body into the target type: inputs")


def test_task_makes_it_the_default_route(launcher, tiny):
    process = launcher.serve(model=tiny, env={"TASK": "sentence-similarity"})
    body = {"inputs": {"source_sentence": SOURCE, "sentences": SENTENCES}}
    expected = process.post("/similarity", body)
    assert expected.status == 200 and len(expected.json()) == len(SENTENCES)
    for path in ("/", "/invocations"):
        response = process.post(path, body)
        assert (response.status, response.body) == (200, expected.body)
        assert process.post(path, {"inputs": SOURCE}).status == 422
