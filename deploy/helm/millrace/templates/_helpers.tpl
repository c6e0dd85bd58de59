{{/* Name of the release's resources. */}}
{{- define "millrace.name" -}}
{{- if contains "millrace" .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- else -}}{{ printf "%s-millrace" .Release.Name | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{/* What picks the pods of one service. Call with (dict "root" $ "service" name). */}}
{{- define "millrace.selector" -}}
app.kubernetes.io/name: millrace
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end -}}

{{- define "millrace.labels" -}}
{{ include "millrace.selector" . }}
app.kubernetes.io/part-of: millrace
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "millrace.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* A variable from the Secret. Call with (dict "root" $ "env" NAME "key" key). */}}
{{- define "millrace.secret" -}}
- name: {{ .env }}
  valueFrom: { secretKeyRef: { name: {{ .root.Values.secrets.name }}, key: {{ .key }} } }
{{- end -}}

{{/* Key of a process's MongoDB user in the Secret. */}}
{{- define "millrace.mongodbKey" -}}
{{- if .root.Values.secrets.perService -}}mongodb-url-{{ .service }}{{- else -}}mongodb-url{{- end -}}
{{- end -}}

{{/* Settings and secrets of a process. The gateway has nothing to do with the log and with shoppers' tokens. */}}
{{- define "millrace.env" -}}
{{- $own := index .root.Values.services .service | default dict -}}
{{- include "millrace.secret" (dict "root" .root "env" "MONGODB_URL" "key" (include "millrace.mongodbKey" .)) }}
{{- if ne .service "gateway" }}
{{ include "millrace.secret" (dict "root" .root "env" "EVENTSTORE_URL" "key" "eventstore-url") }}
{{ include "millrace.secret" (dict "root" .root "env" "SHOPPER_SECRET" "key" "shopper-secret") }}
{{- end }}
{{- if and .root.Values.services.gateway (ne .service "prepare") }}
{{ include "millrace.secret" (dict "root" .root "env" "SERVICE_KEY" "key" "service-key") }}
{{- end }}
{{- if .root.Values.secrets.perService }}
{{- if not (has .service (list "gateway" "operations" "prepare")) }}
{{ include "millrace.secret" (dict "root" .root "env" "MONGODB_URL_OPERATIONS" "key" "mongodb-url-register") }}
{{- end }}
{{- if $own.people }}
{{ include "millrace.secret" (dict "root" .root "env" "MONGODB_URL_KEYS" "key" "mongodb-url-keys") }}
{{- end }}
{{- end }}
{{- if or $own.people (eq .service "prepare") }}
{{ include "millrace.secret" (dict "root" .root "env" "MASTER_KEY" "key" "master-key") }}
{{- end }}
{{- if has .service (list "gateway" "operations" "prepare") }}
{{ include "millrace.secret" (dict "root" .root "env" "ADMIN_API_KEY" "key" "admin-api-key") }}
{{- end }}
{{- with .root.Values.tracing }}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .share | quote }}
{{- end }}
{{- end }}
{{- range $name, $value := .root.Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* A service with the defaults where it does not say otherwise, as YAML. Not by `merge`, which takes false and 0 for nothing. */}}
{{- define "millrace.service" -}}
{{- $it := deepCopy .root.Values.defaults -}}
{{- range $key, $value := omit .own "autoscaling" }}{{ $_ := set $it $key $value }}{{ end -}}
{{- range $key, $value := .own.autoscaling }}{{ $_ := set $it.autoscaling $key $value }}{{ end -}}
{{- toYaml $it -}}
{{- end -}}

{{/* Volumes and mounts of every pod: a read-only tree, with what little is written in memory. */}}
{{- define "millrace.mounts" -}}
- { name: scratch, mountPath: /tmp, subPath: tmp }
- { name: scratch, mountPath: /data, subPath: data }
{{- if .Values.eventstoreCa.configMap }}
- { name: eventstore-ca, mountPath: /certs, readOnly: true }
{{- end }}
{{- end -}}

{{- define "millrace.volumes" -}}
- name: scratch
  emptyDir: { medium: Memory, sizeLimit: 64Mi }
{{- if .Values.eventstoreCa.configMap }}
- name: eventstore-ca
  configMap: { name: {{ .Values.eventstoreCa.configMap }} }
{{- end }}
{{- end -}}

{{/* What a pod has that is the same for all. */}}
{{- define "millrace.pod" -}}
serviceAccountName: {{ include "millrace.name" .root }}-{{ .service }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext: {{ toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- end -}}
