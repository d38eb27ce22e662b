"""Logs as other tools write them, line by line."""

from __future__ import annotations

import base64
import json

REQUEST = "org.kubeflow.serving.inference.request"
RESPONSE = "org.kubeflow.serving.inference.response"


def write(path, *documents):
    """Write JSON Lines; a text is a line as it is."""
    lines = (one if isinstance(one, str) else json.dumps(one) for one in documents)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def captured(event_id, request, response, *, encoding="JSON", kind="application/json", **about):
    """A line of SageMaker's Data Capture."""

    def side(mode, body):
        data = base64.b64encode(body.encode()).decode() if encoding == "BASE64" else body
        return {"observedContentType": kind, "mode": mode, "data": data, "encoding": encoding}

    return {
        "captureData": {
            "endpointInput": side("INPUT", request),
            "endpointOutput": side("OUTPUT", response),
        },
        "eventMetadata": {"eventId": event_id, "inferenceTime": "2026-01-05T10:00:00Z", **about},
        "eventVersion": "0",
    }


def truth(event_id, value):
    """A line of SageMaker's ground truth."""
    return {
        "groundTruthData": {"data": value, "encoding": "CSV"},
        "eventMetadata": {"eventId": event_id},
        "eventVersion": "0",
    }


def record(id_, kind, body, **more):
    """What KServe's logger writes into a bucket, with the names that Go gives its fields."""
    return {
        "Url": {"Scheme": "s3", "Host": "bucket", "Path": "/logs"},
        "Bytes": base64.b64encode(body.encode()).decode(),
        "ContentType": "application/json",
        "ReqType": kind,
        "Id": id_,
        "SourceUri": {"Scheme": "http", "Host": "localhost:9081"},
        "InferenceService": "iris",
        "Namespace": "default",
        "Component": "predictor",
        "Endpoint": "",
        "Metadata": {},
        "Annotations": None,
        "CertName": "",
        "TlsSkipVerify": False,
        **more,
    }


def collected(kind, correlation_id, data, **more):
    """A line of Azure ML's data collector."""
    return {
        "specversion": "1.0",
        "id": f"{kind}-{correlation_id}",
        "source": "/subscriptions/s/workspaces/w/onlineEndpoints/e/deployments/d",
        "type": f"azureml.inference.{kind}",
        "datacontenttype": "application/json",
        "time": "2024-03-05T18:16:25Z",
        "data": data,
        "correlationid": correlation_id,
        "xrequestid": correlation_id,
        "modelversion": "default",
        "collectdatatype": "pandas.core.frame.DataFrame",
        "agent": "azureml-ai-monitoring/1.0.0",
        "contentrange": "bytes 0-116/117",
        **more,
    }
